package dev.skerry.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class PostgresDatabaseTest {
    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    private static int insert(Database database, String host) {
        return database.write(handle -> handle.execute("INSERT INTO host_boots VALUES (?, 'b')", host));
    }

    private static List<String> hosts(Database database) {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT host FROM host_boots ORDER BY host")
                .mapTo(String.class)
                .list());
    }

    @Test
    void whatOneServerCommitsTheOtherSees() {
        Database one = postgres.open();
        Database other = postgres.open();
        insert(one, "a");
        assertThat(hosts(other)).containsExactly("a");
    }

    @Test
    void manyServersMayStartAtOnce() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Database>> servers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                servers.add(() -> Database.open(postgres.address(), Optional.of(PostgresServer.PASSWORD)));
            }
            for (Future<Database> opened : threads.invokeAll(servers)) {
                try (Database database = opened.get()) {
                    assertThat(hosts(database)).isEmpty();
                }
            }
        }
    }

    /** A stopped process must not keep from others what it had locked. */
    @Test
    void aTransactionInWhichNothingHappensIsEndedByTheDatabase() {
        Database stopped = postgres.open();
        Database other = postgres.open();
        insert(stopped, "a");
        try (Handle handle = stopped.writer().open()) {
            handle.begin();
            handle.execute("UPDATE host_boots SET boot_id = 'stale'");
            // Waits for the other's lock, for no longer than that is kept.
            int changed = other.write(next -> next.execute("UPDATE host_boots SET boot_id = 'new'"));
            assertThat(changed).isEqualTo(1);
            RuntimeException thrown = catchThrowableOfType(RuntimeException.class, handle::commit);
            assertThat(DatabaseTrouble.of(thrown)).isPresent();
        }
    }

    @Test
    void anOutageIsSaidAndPasses() throws IOException {
        try (PostgresServer server = PostgresServer.start();
                Database database = Database.open(server.address("postgres"), Optional.of(PostgresServer.PASSWORD))) {
            insert(database, "before");
            server.stop();
            RuntimeException thrown = catchThrowableOfType(RuntimeException.class, () -> insert(database, "during"));
            assertThat(DatabaseTrouble.of(thrown))
                    .hasValueSatisfying(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY));
            assertThat(DatabaseTrouble.of(catchThrowableOfType(RuntimeException.class, () -> hosts(database))))
                    .isPresent();
            server.run();
            awaitInsert(database);
            assertThat(hosts(database)).containsExactly("after", "before");
        }
    }

    private static void awaitInsert(Database database) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (true) {
            try {
                insert(database, "after");
                return;
            } catch (RuntimeException e) {
                assertThat(DatabaseTrouble.of(e)).isPresent();
                assertThat(System.nanoTime()).isLessThan(end);
                LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
            }
        }
    }

    @Test
    void aWrongPasswordIsRefusedAndNotRepeated() {
        PostgresAddress address = postgres.address();
        assertThatThrownBy(() -> Database.open(address, Optional.of(new Password("wrong-one"))))
                .isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(failure.hint().orElseThrow()).contains("SKERRY_DATABASE_PASSWORD");
                })
                .hasMessageContaining(address.toString())
                .hasMessageNotContaining("wrong-one");
    }

    @Test
    void onePortWithNobodyIsSaid() {
        PostgresAddress nobody = new PostgresAddress("skerry", "127.0.0.1", 1, "skerry", "disable");
        assertThatThrownBy(() -> Database.open(nobody, Optional.empty()))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY))
                .hasMessageContaining("127.0.0.1:1");
    }

    @Test
    void aSchemaOfANewerVersionIsRefused() {
        try (Database database = postgres.open()) {
            database.writer().useHandle(DatabaseTest::raiseSchema);
        }
        assertThatThrownBy(postgres::open)
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessageContaining("version 999");
    }

    @Test
    void anAddressIsReadAndWrittenAndHasNoPassword() {
        String text = "postgresql://skerry@db.example.org:5433/skerry?sslmode=verify-full";
        assertThat(PostgresAddress.parse(text))
                .isEqualTo(new PostgresAddress("skerry", "db.example.org", 5433, "skerry", "verify-full"))
                .hasToString(text);
        assertThat(PostgresAddress.parse("postgres://a@[::1]/b")).hasToString("postgresql://a@[::1]:5432/b");
        assertThat(new Password("secret").toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://skerry:secret@host/db",
                "postgresql://skerry:secret@host/db?x",
                "mysql://skerry@host/secret",
                "postgresql://skerry@host:99999/secret",
                "postgresql://skerry@host/secret?sslmode=perhaps",
                "postgresql://host/secret",
                "secret"
            })
    void whatIsNoAddressIsNotRepeated(String text) {
        assertThatThrownBy(() -> PostgresAddress.parse(text))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessageNotContaining("secret");
    }
}
