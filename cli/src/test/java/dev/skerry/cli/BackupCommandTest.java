package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.templates.LockFile;
import dev.skerry.server.Server;
import dev.skerry.server.backup.DatabaseNote;
import dev.skerry.server.database.Database;
import dev.skerry.server.database.Password;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BackupCommandTest {
    private final Commanded commanded = new Commanded();

    @TempDir
    private Path folder;

    private Path data;
    private Path file;

    @BeforeEach
    void makeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        file = folder.resolve("backup");
        new SecretFile(data).readOrMake();
        Database.open(data.resolve("skerry.db")).close();
    }

    private int backup(String... more) {
        return commanded.skerry(words("backup", "--to", file.toString(), "--data", data.toString(), more));
    }

    private int restore(Path from, Path to, String... more) {
        return commanded.skerry(words("restore", "--from", from.toString(), "--data", to.toString(), more));
    }

    private static String[] words(String command, String one, String two, String three, String four, String... more) {
        return Stream.concat(Stream.of(command, one, two, three, four), Stream.of(more))
                .toArray(String[]::new);
    }

    @Test
    void whatWasSavedIsRestored() throws IOException {
        assertThat(backup()).isZero();
        assertThat(commanded.out()).isEqualTo(file + "\n");
        assertThat(commanded.err()).contains("saved schema " + Database.newestSchema() + ", 0 sandboxes");
        assertThat(backup()).isEqualTo(125);
        assertThat(commanded.err()).contains("already").contains("--overwrite");
        assertThat(backup("--overwrite")).isZero();
        Path restored = folder.resolve("restored");
        assertThat(restore(file, restored)).isZero();
        assertThat(commanded.out()).isEqualTo(restored + "\n");
        assertThat(restored.resolve("secret")).hasSameTextualContentAs(data.resolve("secret"));
        assertThat(restore(file, restored)).isEqualTo(125);
        assertThat(commanded.err()).contains("not empty").contains("--replace");
        assertThat(restore(file, restored, "--replace")).isZero();
        assertThat(commanded.err()).contains("what was there before is in " + restored.resolve("replaced-1/old"));
    }

    @Test
    void aFolderThatAServerUsesIsLeftAlone() throws IOException {
        assertThat(backup()).isZero();
        Path used = Files.createDirectory(folder.resolve("used"));
        try (LockFile _ = LockFile.tryAcquire(used.resolve("agent.lock"), LockFile.Kind.EXCLUSIVE)
                .orElseThrow()) {
            assertThat(restore(file, used, "--replace")).isEqualTo(125);
            assertThat(commanded.err()).contains("a server uses the data folder " + used);
        }
        assertThat(used.resolve("secret")).doesNotExist();
    }

    @Test
    void whatIsNoBackupLeavesNothing() {
        Path restored = folder.resolve("restored");
        assertThat(restore(data.resolve("skerry.db"), restored)).isEqualTo(2);
        assertThat(commanded.err()).contains("is a database file").contains("hint: ");
        assertThat(restored).doesNotExist();
    }

    @Test
    void aDatabaseOfPostgresIsLeftToItsOwnProgram() throws IOException {
        commanded.environment.put("SKERRY_DATABASE_PASSWORD", "canary");
        DatabaseNote.write(
                data,
                new DatabaseSettings(
                        DatabaseSettings.database("postgresql://skerry@db/skerry"),
                        Optional.empty(),
                        Optional.empty()));
        assertThat(backup()).isZero();
        assertThat(commanded.err())
                .contains("the database is NOT in it")
                .contains("pg_dump --format=custom --file=backup.dump 'postgresql://skerry@db:5432/skerry'")
                .doesNotContain("canary");
        assertThat(backup("--overwrite", "--database", "sqlite")).isEqualTo(125);
        assertThat(commanded.err()).contains("has the database postgresql://skerry@db:5432/skerry, and not sqlite");
        assertThat(restore(file, folder.resolve("restored"))).isEqualTo(2);
        assertThat(commanded.err()).contains("pg_restore");
    }

    /** Also when neither the settings nor the command line name the database: the data folder does. */
    @Test
    void thePasswordOfTheEnvironmentIsKnownWhoeverNamesTheDatabase() {
        StoreOptions.Store store = new StoreOptions().read(Map.of("SKERRY_DATABASE_PASSWORD", "of the environment"));
        assertThat(store.database()).isEmpty();
        assertThat(store.password().map(Password::text)).contains("of the environment");
    }

    /** In whatever step it is. */
    @Test
    void aBackupThatIsKilledIsNone() throws Exception {
        try (Database database = Database.open(data.resolve("skerry.db"))) {
            String filler = "x".repeat(1000);
            int _ = database.write(handle -> handle.execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)"
                            + " INSERT INTO sandbox_events (sequence, tenant, sandbox, at, kind, detail)"
                            + " SELECT i, 't', 's' || i, 0, 'CREATED', ? || i FROM n",
                    filler));
        }
        Path work = folder.resolve(".backup.part");
        for (String step : List.of("files/skerry.db", "whole")) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Main.class.getName(),
                            "backup",
                            "--to",
                            file.toString(),
                            "--data",
                            data.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile())
                    .start();
            long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (!Files.exists(work.resolve(step))) {
                assertThat(System.nanoTime()).isLessThan(end);
                assertThat(process.isAlive())
                        .as(Files.readString(folder.resolve("log")))
                        .isTrue();
            }
            process.destroyForcibly().waitFor();
            assertThat(file).doesNotExist();
            try (Stream<Path> all = Files.walk(work)) {
                for (Path left : all.filter(Files::isRegularFile).toList()) {
                    assertThat(restore(left, folder.resolve("restored")))
                            .as(left.toString())
                            .isNotZero();
                    assertThat(folder.resolve("restored")).doesNotExist();
                }
            }
        }
        assertThat(backup()).isZero();
        assertThat(work).doesNotExist();
        assertThat(restore(file, folder.resolve("restored"))).isZero();
    }

    private record NoHost() implements HostSource {
        @Override
        public HostId id() {
            return new HostId("local");
        }

        @Override
        public HostAgent open(long epoch) {
            throw new AssertionError("nobody gets the host of this test");
        }
    }

    @Test
    void serveRefusesADatabaseOfANewerVersionAndSaysWhatToDo() {
        try (Database database = Database.open(data.resolve("skerry.db"))) {
            int _ = database.write(
                    handle -> handle.execute("INSERT INTO flyway_schema_history (installed_rank, version,"
                            + " description, type, script, checksum, installed_by, execution_time, success)"
                            + " VALUES (999, '999', 'later', 'SQL', 'V999__later.sql', 1, 'later', 1, true)"));
        }
        commanded.servers = settings -> {
            try (Server _ = Server.open(settings, new NoHost(), InstantSource.system())) {
                throw new IllegalStateException("it serves");
            }
        };
        assertThat(commanded.skerry("serve", "--data", data.toString())).isEqualTo(2);
        assertThat(commanded.err())
                .contains("has a schema of version 999, and this version of Skerry knows those up to "
                        + Database.newestSchema())
                .contains("hint: start the version that wrote it, or a newer one");
        assertThat(backup()).isEqualTo(2);
        assertThat(commanded.err()).contains("version 999");
    }
}
