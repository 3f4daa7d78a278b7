package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.FreshPostgres;
import dev.skerry.server.database.PostgresServer;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who waits for a job may hang up at any moment, also while the database is asked; its connections stay. */
@Timeout(60)
class InterruptedPollTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final String TOKEN = "token";
    private static final String OF_SERVER = " FROM pg_stat_activity WHERE datname = current_database()"
            + " AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

    @RegisterExtension
    private final FreshPostgres postgres = new FreshPostgres();

    private static Callbacks noCallbacks() {
        return (Callbacks) Proxy.newProxyInstance(
                Callbacks.class.getClassLoader(), new Class<?>[] {Callbacks.class}, (_, method, _) -> {
                    throw new AssertionError(method);
                });
    }

    private static Set<String> rows(Connection connection, String query) {
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(query)) {
            Set<String> rows = new TreeSet<>();
            while (found.next()) {
                rows.add(found.getString(1));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<String> connections(Connection connection) {
        return rows(connection, "SELECT pid" + OF_SERVER);
    }

    private static boolean waits(Connection connection) {
        return !rows(connection, "SELECT pid" + OF_SERVER + " AND wait_event_type = 'Lock'")
                .isEmpty();
    }

    private static boolean rests(Connection connection) {
        return rows(connection, "SELECT pid" + OF_SERVER + " AND state <> 'idle'")
                .isEmpty();
    }

    @Test
    void costsNoConnection() throws Exception {
        Database database = postgres.open();
        JobStore store = new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE);
        store.insert(
                new JobStore.Fresh(TOKEN, ACME, Optional.empty(), "digest", "{}", Instant.EPOCH, Optional.empty()));
        FakeJobHost host = new FakeJobHost();
        InstantSource clock = InstantSource.system();
        try (JobQueue queue = new JobQueue(host, JobSettings.DEFAULT, clock);
                Submissions submissions = new Submissions(new Submissions.Parts(
                        queue,
                        store,
                        noCallbacks(),
                        (_, _) -> {
                            throw new AssertionError("nothing is run");
                        },
                        JobSettings.DEFAULT,
                        clock));
                Connection other = PostgresServer.connect(postgres.address());
                Connection looking = PostgresServer.connect(postgres.address())) {
            assertThat(submissions.get(ACME, TOKEN).ended()).isFalse();
            Set<String> before = connections(other);
            other.setAutoCommit(false);
            try (Statement statement = other.createStatement()) {
                statement.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE");
            }
            CompletableFuture<Throwable> said = new CompletableFuture<>();
            Thread poll = Thread.ofVirtual().start(() -> {
                try {
                    said.completeExceptionally(new AssertionError(
                            "it answered: " + submissions.await(ACME, TOKEN, Duration.ofSeconds(30))));
                } catch (InterruptedException | RuntimeException e) {
                    said.complete(e);
                }
            });
            Eventually.holds(() -> waits(looking));
            poll.interrupt();
            Throwable end = said.get();
            other.rollback();
            Eventually.holds(() -> rests(looking));
            assertThat(submissions.get(ACME, TOKEN).ended()).isFalse();
            // The pool may have got another one, as that of the question is not given back at once.
            assertThat(connections(other)).as("after %s", end).containsAll(before);
            assertThat(end).isInstanceOf(InterruptedException.class);
        }
    }
}
