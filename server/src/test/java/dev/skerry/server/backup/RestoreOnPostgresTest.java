package dev.skerry.server.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresAddress;
import dev.skerry.server.database.PostgresServer;
import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseTable;
import dev.skerry.server.leases.Leases;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What lies beside a database that PostgreSQL's own programs save and restore. */
@Timeout(120)
class RestoreOnPostgresTest {
    private static final InstantSource CLOCK = InstantSource.system();
    private static final LeaseTable.Candidate A = new LeaseTable.Candidate("a", URI.create("http://127.0.0.1:1"));
    private static final long FLOOR = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli() * 1000;

    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    @TempDir
    private Path folder;

    private Path data;
    private Path backup;
    private Path target;

    @BeforeEach
    void makeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        backup = folder.resolve("backup");
        target = folder.resolve("restored");
        new SecretFile(data).readOrMake();
    }

    private static DatabaseSettings settings(PostgresAddress address) {
        return new DatabaseSettings(Optional.of(address), Optional.of(PostgresServer.PASSWORD), Optional.empty());
    }

    private void write() {
        Backup.Written _ = Backup.write(
                new Backup.Order(
                        data, Optional.empty(), settings(postgres.address()).database(), "1.2.3", backup, false),
                CLOCK);
    }

    private Restore.Order into(PostgresAddress address) {
        return new Restore.Order(backup, target, false, Optional.of(settings(address)), Optional.empty());
    }

    private static void refused(Restore.Order order) {
        assertThatThrownBy(() -> Restore.run(order, CLOCK))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining("a server uses the database");
        assertThat(order.data().resolve("secret")).doesNotExist();
    }

    @Test
    void secretsAreRestoredAndNumbersOfTheDatabaseAreRaised() {
        LeaseTable table = new Leases(postgres.open());
        Lease held = table.acquire("host:x", A, Duration.ofMinutes(1)).orElseThrow();
        write();
        Restore.Order order = into(postgres.address());
        refused(order);
        table.release(held);
        Restore.Done _ = Restore.run(order, CLOCK);
        assertThat(target.resolve("secret")).hasSameBinaryContentAs(data.resolve("secret"));
        assertThat(DatabaseNote.read(target).orElseThrow().postgres()).contains(postgres.address());
        assertThat(table.acquire("host:x", A, Duration.ofSeconds(1))
                        .orElseThrow()
                        .fence())
                .isGreaterThan(FLOOR);
    }

    @Test
    void aDatabaseThatOnlyTheFolderNamesIsOpenedWithThePassword() throws IOException {
        LeaseTable table = new Leases(postgres.open());
        table.release(table.acquire("host:x", A, Duration.ofMinutes(1)).orElseThrow());
        write();
        Files.createDirectory(target);
        DatabaseNote.write(target, settings(postgres.address()));
        Restore.Done _ = Restore.run(
                new Restore.Order(backup, target, true, Optional.empty(), Optional.of(PostgresServer.PASSWORD)), CLOCK);
        assertThat(target.resolve("secret")).hasSameBinaryContentAs(data.resolve("secret"));
        assertThat(table.acquire("host:x", A, Duration.ofSeconds(1))
                        .orElseThrow()
                        .fence())
                .isGreaterThan(FLOOR);
    }

    /** Of an older version, whose schema must stay as it is for the server that uses it. */
    @Test
    void whatIsInUseIsNotMigrated() throws SQLException {
        write();
        try (Connection connection = PostgresServer.connect(postgres.address());
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE leases (id VARCHAR(80), fence BIGINT, expires_at BIGINT)");
            statement.execute("INSERT INTO leases SELECT 'host:x', 1,"
                    + " CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) + 60000000");
            refused(into(postgres.address()));
            try (ResultSet tables = statement.executeQuery("SELECT table_name FROM information_schema.tables"
                    + " WHERE table_schema = current_schema() ORDER BY 1")) {
                assertThat(tables.next()).isTrue();
                assertThat(tables.getString(1)).isEqualTo("leases");
                assertThat(tables.next()).isFalse();
            }
        }
    }

    @Test
    void aDatabaseThatItsOwnProgramsSavedAndRestoredGoesOnAboveItsNumbers() throws IOException {
        Database database = postgres.open();
        LeaseTable table = new Leases(database);
        Lease before = table.acquire("host:x", A, Duration.ofMinutes(1)).orElseThrow();
        table.release(before);
        Path dump = folder.resolve("dump");
        postgres.server().save(postgres.address(), dump);
        write();
        PostgresAddress second = postgres.server().create(postgres.address().name() + "_restored");
        postgres.server().restore(dump, second);
        Restore.Done _ = Restore.run(into(second), CLOCK);
        try (Database restored = Database.open(second, Optional.of(PostgresServer.PASSWORD))) {
            assertThat(new Leases(restored)
                            .acquire("host:x", A, Duration.ofSeconds(1))
                            .orElseThrow()
                            .fence())
                    .isGreaterThan(Math.max(FLOOR, before.fence()));
        }
    }
}
