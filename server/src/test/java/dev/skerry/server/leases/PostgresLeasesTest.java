package dev.skerry.server.leases;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresLeasesTest extends SqlLeasesContract {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @Override
    Database openDatabase() {
        return postgres.open();
    }
}
