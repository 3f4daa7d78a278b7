package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresServer;
import dev.skerry.server.settings.DatabaseSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresCanaryTest extends CanaryContract {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    private final FileTime begun = FileTime.from(InstantSource.system().instant());

    /** Others have written to that server, too. */
    private boolean ofThisTest(Path file) {
        try {
            return Files.isRegularFile(file) && Files.getLastModifiedTime(file).compareTo(begun) >= 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    DatabaseSettings database() {
        return new DatabaseSettings(
                Optional.of(postgres.address()), Optional.of(PostgresServer.PASSWORD), Optional.empty());
    }

    @Override
    Jdbi other() {
        return Jdbi.create(
                "jdbc:postgresql://127.0.0.1:" + postgres.address().port() + "/"
                        + postgres.address().name(),
                postgres.address().user(),
                PostgresServer.PASSWORD.text());
    }

    /** Its log, its log of changes, and every row: in the files long texts are compressed. */
    @Override
    Map<String, String> written() throws IOException {
        Map<String, String> written = new LinkedHashMap<>();
        Path folder = postgres.server().folder();
        written.put("the log of PostgreSQL", Files.readString(folder.resolve("log")));
        try (Stream<Path> files = Files.list(folder.resolve("data/pg_wal"))) {
            for (Path file : files.filter(this::ofThisTest).toList()) {
                written.put("database " + file, Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        other().useHandle(handle -> {
            List<String> tables = handle.createQuery(
                            "SELECT table_name FROM information_schema.tables" + " WHERE table_schema = 'public'")
                    .mapTo(String.class)
                    .list();
            assertThat(tables).contains("sandboxes", "audit", "api_keys");
            for (String table : tables) {
                List<String> rows = handle.createQuery("SELECT CAST(one AS TEXT) FROM " + table + " one")
                        .mapTo(String.class)
                        .list();
                written.put("database table " + table, String.join("\n", rows));
            }
        });
        return written;
    }
}
