package dev.skerry.server.leases;

import dev.skerry.server.database.Database;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteLeasesTest extends SqlLeasesContract {
    @TempDir
    private Path folder;

    @Override
    Database openDatabase() {
        return Database.open(folder.resolve("skerry.db"));
    }
}
