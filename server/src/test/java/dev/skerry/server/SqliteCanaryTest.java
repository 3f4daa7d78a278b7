package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.DatabaseSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;

class SqliteCanaryTest extends CanaryContract {
    @Override
    DatabaseSettings database() {
        return DatabaseSettings.SQLITE;
    }

    /** The log of changes included. */
    @Override
    Map<String, String> written() throws IOException {
        Map<String, String> written = new LinkedHashMap<>();
        for (String name : new String[] {"skerry.db", "skerry.db-wal"}) {
            Path file = data.resolve(name);
            assertThat(file).exists();
            written.put("database " + file, Files.readString(file, StandardCharsets.ISO_8859_1));
        }
        return written;
    }

    @Override
    Jdbi other() {
        return Jdbi.create("jdbc:sqlite:" + data.resolve("skerry.db") + "?busy_timeout=10000");
    }
}
