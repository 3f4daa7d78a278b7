package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresSandboxStoreTest extends SqlStoreContract {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @Override
    Database openDatabase() {
        return postgres.open();
    }
}
