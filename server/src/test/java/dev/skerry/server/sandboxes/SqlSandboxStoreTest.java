package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Database;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqlSandboxStoreTest extends SqlStoreContract {
    @TempDir
    private Path folder;

    @Override
    Database openDatabase() {
        return Database.open(folder.resolve("skerry.db"));
    }
}
