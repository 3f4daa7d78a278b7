package dev.skerry.server.stores;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every schema that there was is brought forward with its data, on both databases. */
@Timeout(120)
class KeptDatabasesTest {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @TempDir
    private Path folder;

    static List<KeptDatabase> kept() throws IOException {
        return KeptDatabase.all();
    }

    private Database open(KeptDatabase kept) throws Exception {
        if (kept.kind().equals(KeptDatabase.SQLITE)) {
            Path file = folder.resolve("skerry.db");
            kept.load(DriverManager.getConnection("jdbc:sqlite:" + file));
            return Database.open(file);
        }
        kept.load(PostgresServer.connect(postgres.address()));
        return Database.open(postgres.address(), Optional.of(PostgresServer.PASSWORD));
    }

    @ParameterizedTest
    @MethodSource("kept")
    void whatIsInItSurvives(KeptDatabase kept) throws Exception {
        try (Database database = open(kept)) {
            KeptData.check(database, kept.version());
        }
    }

    @Test
    void everyMigrationHasAKeptDatabase() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/migration"))) {
            TreeSet<Integer> migrations = files.map(file ->
                            Integer.valueOf(file.getFileName().toString().replaceFirst("^V(\\d+)__.*", "$1")))
                    .collect(Collectors.toCollection(TreeSet::new));
            String remedy = "run KeepDatabase, as CONTRIBUTING.md says";
            assertThat(KeptDatabase.versions(KeptDatabase.SQLITE)).as(remedy).isEqualTo(migrations);
            assertThat(KeptDatabase.versions(KeptDatabase.POSTGRESQL))
                    .as(remedy)
                    .isEqualTo(migrations);
            assertThat(Database.newestSchema()).isEqualTo(migrations.last());
        }
    }
}
