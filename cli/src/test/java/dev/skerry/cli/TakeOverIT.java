package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.bench.chaos.Box;
import dev.skerry.bench.chaos.Client;
import dev.skerry.bench.chaos.ServeProcess;
import dev.skerry.bench.chaos.ServerPair;
import dev.skerry.bench.chaos.Waiting;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/**
 * Two {@code ./skerry serve} on one PostgreSQL, and a sandbox with a process that goes on. Whatever happens to the
 * server that has the host, the other has the sandbox, its process and its output within the promise.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TakeOverIT {
    /** Until the lease has expired and was tried for. */
    private static final Duration LEASE = Duration.ofMillis(3_250);

    /** The rest of the five seconds: what is computed then, where nobody else wants the processors. */
    private static final Duration COMPUTED = Duration.ofMillis(1_750);

    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration CALL = Duration.ofSeconds(2);
    private static final String COUNTING = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done";

    private ServerPair pair;
    private Client client;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        pair = ServerPair.start(List.of(Shipped.ROOT.resolve("skerry").toString()), Shipped.DATA);
        client = pair.client();
    }

    @AfterAll
    void stop() throws IOException {
        pair.close();
    }

    /** A sandbox with a file and a process, which the server that has the host is asked for. */
    private record Inhabited(Box box, int process) {}

    private Inhabited inhabited(ServeProcess server) throws IOException, InterruptedException {
        Box box = client.create(server.origin(), 600, BOUND);
        assertThat(client.exec(server.origin(), box, "echo kept > /tmp/file", BOUND)
                        .exitCode())
                .isZero();
        return new Inhabited(box, client.begin(server.origin(), box, COUNTING, BOUND));
    }

    /** How long from the blow until the other server does everything with the sandbox. */
    private Duration takenOver(Consumer<ServeProcess> blow) throws IOException, InterruptedException {
        ServeProcess holder = pair.holding(BOUND);
        ServeProcess other = pair.other(holder);
        pair.revive(other);
        Inhabited sandbox = inhabited(holder);
        long struck = System.nanoTime();
        blow.accept(holder);
        Waiting.until("the other server to have the sandbox", BOUND, () -> serves(other, sandbox));
        Duration took = Duration.ofNanos(System.nanoTime() - struck);
        assertThat(pair.holding(BOUND)).isSameAs(other);
        return took;
    }

    private boolean serves(ServeProcess server, Inhabited sandbox) throws InterruptedException {
        try {
            return client.exec(server.origin(), sandbox.box(), "cat /tmp/file", CALL)
                            .output()
                            .equals("kept\n")
                    && client.follow(server.origin(), sandbox.box(), sandbox.process(), CALL)
                            .matches("(?s)\\d+\n.*")
                    && client.list(server.origin(), CALL).contains(sandbox.box().id());
        } catch (IOException e) {
            return false;
        }
    }

    private void keepsThePromise(String what, TestReporter reporter, Consumer<ServeProcess> blow)
            throws IOException, InterruptedException {
        Duration took = takenOver(blow);
        double others = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()
                / Runtime.getRuntime().availableProcessors();
        Duration promise = LEASE.plusMillis((long) (COMPUTED.toMillis() * Math.max(1, others)));
        reporter.publishEntry(what + ", ms", took.toMillis() + " of " + promise.toMillis());
        assertThat(took).isLessThanOrEqualTo(promise);
    }

    private static void kill(ServeProcess server) {
        server.signal("KILL");
    }

    private static void freeze(ServeProcess server) {
        server.signal("STOP");
    }

    @Test
    void aKilledServersSandboxesAreTheOthersWithinFiveSeconds(TestReporter reporter) throws Exception {
        keepsThePromise("taken over after kill -9", reporter, TakeOverIT::kill);
    }

    @Test
    void aFrozenServersSandboxesAreTheOthersAndItWakesUpToNothing(TestReporter reporter) throws Exception {
        ServeProcess frozen = pair.holding(BOUND);
        keepsThePromise("taken over after SIGSTOP", reporter, TakeOverIT::freeze);
        // On one machine whoever takes over has ended it, so that there is nobody to wake up.
        frozen.signal("CONT");
        assertThat(frozen.await(BOUND)).isTrue();
        assertThatThrownBy(() -> client.list(frozen.origin(), CALL)).isInstanceOf(IOException.class);
        assertThat(pair.holding(BOUND).said()).contains("was stopped, so it was ended");
    }

    @Test
    void aServerThatWakesUpWithoutItsLeaseChangesNothing() throws Exception {
        ServeProcess holder = pair.holding(BOUND);
        ServeProcess other = pair.other(holder);
        Inhabited sandbox = inhabited(holder);
        freeze(other);
        freeze(holder);
        // Somebody on another machine, who cannot end it, is given the lease.
        try (Connection database = pair.database()) {
            Waiting.until("the lease to expire", BOUND, () -> taken(database));
            try {
                holder.signal("CONT");
                Waiting.until("it to refuse", BOUND, () -> refuses(holder, sandbox.box()));
                assertThat(holder.said()).contains("has the lease no more");
                assertThat(state(database, sandbox.box())).isEqualTo("RUNNING");
            } finally {
                giveUp(database);
            }
        }
        assertThat(pair.holding(BOUND)).isSameAs(holder);
        Waiting.until("it to serve again", BOUND, () -> serves(holder, sandbox));
        other.signal("CONT");
    }

    /** As another server would take it. */
    private static boolean taken(Connection database) {
        try (PreparedStatement take = database.prepareStatement("UPDATE leases SET owner = 'far away',"
                + " address = 'http://127.0.0.1:9', fence = fence + 1, expires_at = expires_at + 600000000"
                + " WHERE id LIKE 'host:%' AND expires_at <="
                + " CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")) {
            return take.executeUpdate() == 1;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void giveUp(Connection database) throws SQLException {
        try (PreparedStatement end =
                database.prepareStatement("UPDATE leases SET owner = '', expires_at = 0 WHERE owner = 'far away'")) {
            assertThat(end.executeUpdate()).isEqualTo(1);
        }
    }

    /** It is asked to end the sandbox each time. */
    private boolean refuses(ServeProcess server, Box box) throws InterruptedException {
        try {
            int status = client.call(server.origin(), "DELETE", "/sandboxes/" + box.id(), "", BOUND)
                    .status();
            assertThat(status).isEqualTo(503);
            return server.said().contains("has the lease no more");
        } catch (IOException e) {
            return false; // the connection, of before it was frozen, broke
        }
    }

    private static String state(Connection database, Box box) throws SQLException {
        try (PreparedStatement query = database.prepareStatement("SELECT state FROM sandboxes WHERE id = ?")) {
            query.setString(1, box.id());
            try (var rows = query.executeQuery()) {
                assertThat(rows.next()).isTrue();
                return rows.getString(1);
            }
        }
    }
}
