package dev.skerry.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsCommittedSurvivesAndReadersSeeIt() {
        Path file = folder.resolve("skerry.db");
        try (Database database = Database.open(file)) {
            database.writer().useHandle(handle -> handle.execute("INSERT INTO host_boots VALUES ('a', 'b')"));
            assertThat(boot(database)).isEqualTo("b");
        }
        try (Database database = Database.open(file)) {
            assertThat(boot(database)).isEqualTo("b");
        }
    }

    private static String boot(Database database) {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT boot_id FROM host_boots")
                .mapTo(String.class)
                .one());
    }

    @Test
    void nobodyElseCanReadIt() throws Exception {
        Path file = folder.resolve("skerry.db");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
        try (Database database = Database.open(file);
                Stream<Path> files = Files.list(folder)) {
            database.writer().useHandle(handle -> handle.execute("INSERT INTO host_boots VALUES ('a', 'b')"));
            assertThat(files).hasSizeGreaterThan(1).allSatisfy(one -> assertThat(
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
                    .isEqualTo("rw-------"));
        }
    }

    @Test
    void aCommitIsOnDiskBeforeItReturns() {
        try (Database database = Database.open(folder.resolve("skerry.db"))) {
            assertThat(pragma(database, "journal_mode")).isEqualTo("wal");
            // 2: FULL
            assertThat(pragma(database, "synchronous")).isEqualTo("2");
        }
    }

    private static String pragma(Database database, String name) {
        return database.writer()
                .withHandle(handle ->
                        handle.createQuery("PRAGMA " + name).mapTo(String.class).one());
    }

    @Test
    void readersDoNotWaitForAWriter() {
        try (Database database = Database.open(folder.resolve("skerry.db"))) {
            database.writer().useTransaction(handle -> {
                handle.execute("INSERT INTO host_boots VALUES ('a', 'b')");
                long seen = database.reader()
                        .withHandle(reading -> reading.createQuery("SELECT COUNT(*) FROM host_boots")
                                .mapTo(Long.class)
                                .one());
                assertThat(seen).isZero();
            });
        }
    }

    @Test
    void aDatabaseThatDoesNotFitIsRefusedAndSaysWhatToDo() {
        Path file = folder.resolve("skerry.db");
        try (Database database = Database.open(file)) {
            database.writer()
                    .useHandle(handle -> handle.execute("UPDATE flyway_schema_history SET checksum = checksum + 1"));
        }
        assertThatThrownBy(() -> Database.open(file))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.hint()).isPresent())
                .hasMessageContaining(file.toString());
    }

    @Test
    void aSchemaOfANewerVersionIsRefused() {
        Path file = folder.resolve("skerry.db");
        try (Database database = Database.open(file)) {
            database.writer().useHandle(DatabaseTest::raiseSchema);
        }
        assertThatThrownBy(() -> Database.open(file))
                .isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(failure.hint().orElseThrow()).contains("backup");
                })
                .hasMessageContaining(file.toString())
                .hasMessageContaining("version 999");
    }

    /** As a version that is not written yet. */
    static void raiseSchema(Handle handle) {
        handle.execute("INSERT INTO flyway_schema_history (installed_rank, version, description, type, script,"
                + " checksum, installed_by, execution_time, success)"
                + " VALUES (999, '999', 'later', 'SQL', 'V999__later.sql', 1, 'later', 1, true)");
    }
}
