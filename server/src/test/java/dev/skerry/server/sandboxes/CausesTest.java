package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.skerry.server.database.Database;
import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.sandboxes.SandboxEvent.Kind;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.Quota;
import dev.skerry.wire.SandboxEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to a sandbox, its history says why, and who asked for it. */
class CausesTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final long TERM = 7;
    private static final Origin ANN = new Origin("a1", "e2b_aaaa…aaaa", "192.0.2.1", "r1");
    private static final Origin BOB = new Origin("b1", "e2b_bbbb…bbbb", "2001:db8::2", "r2");
    private static final Origin VISITOR = new Origin("", "", "192.0.2.3", "r3");

    private Database database;
    private SandboxStore store;
    private SimulatedHost host;
    private BareGuest guest;
    private StoredSandboxes sandboxes;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        guest = BareGuest.start(folder);
        host = new SimulatedHost(_ -> guest.connection());
        database = Database.open(folder.resolve("skerry.db"));
        store = new SqlSandboxStore(database, TestSecrets.SEALING, Fence.NONE, TERM);
        sandboxes = StoredSandboxes.open(store, host, Samples.settings(10), _ -> Quota.UNSAID, InstantSource.system());
    }

    @AfterEach
    void close() {
        sandboxes.close();
        database.close();
        guest.close();
    }

    private Sandbox create(Lifetime lifetime, Duration timeout) throws Exception {
        Sandbox[] made = new Sandbox[1];
        ANN.during(
                () -> made[0] = sandboxes.create(Samples.TENANT, Samples.config(lifetime), timeout, Optional.empty()));
        return made[0];
    }

    private List<SandboxEvent> history(Sandbox sandbox) {
        return store.events(Samples.TENANT, sandbox.id());
    }

    private void awaitEnd(Sandbox sandbox) {
        Eventually.holds(() -> sandboxes.find(sandbox.id()).isEmpty());
    }

    private SandboxEvent end(Sandbox sandbox) {
        awaitEnd(sandbox);
        SandboxEvent end = history(sandbox).getLast();
        assertThat(end.kind()).isEqualTo(Kind.ENDED);
        assertThat(store.get(sandbox.id()).orElseThrow().why()).isEqualTo(end.why());
        return end;
    }

    @Test
    void whatIsAskedForSaysByWhom() throws Exception {
        Sandbox sandbox = create(Samples.WAKES, LONG);
        BOB.during(() -> sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY));
        VISITOR.during(() -> sandboxes.reach(sandbox.id()));
        BOB.during(() -> sandboxes.timeout(Samples.TENANT, sandbox.id(), LONG));
        BOB.during(() -> sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY));
        ANN.during(() -> sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, false));
        BOB.during(() -> sandboxes.kill(Samples.TENANT, sandbox.id()));
        assertThat(history(sandbox))
                .extracting(SandboxEvent::kind, SandboxEvent::why)
                .containsExactly(
                        tuple(Kind.CREATED, new Why(Cause.REQUESTED, ANN)),
                        tuple(Kind.STARTED, new Why(Cause.REQUESTED, ANN)),
                        tuple(Kind.PAUSED, new Why(Cause.REQUESTED, BOB)),
                        // Whoever wakes it gives it its time with that, and prolongs nothing.
                        tuple(Kind.RESUMED, new Why(Cause.TRAFFIC, VISITOR)),
                        tuple(Kind.RENEWED, new Why(Cause.REQUESTED, BOB)),
                        tuple(Kind.PAUSED, new Why(Cause.REQUESTED, BOB)),
                        tuple(Kind.PAUSED, new Why(Cause.COLD_START, ANN)),
                        tuple(Kind.RESUMED, new Why(Cause.REQUESTED, ANN)),
                        tuple(Kind.ENDED, new Why(Cause.REQUESTED, BOB)));
        assertThat(history(sandbox)).extracting(SandboxEvent::term).containsOnly(TERM);
    }

    @Test
    void whatTimeAndTheHostDoIsNobodysWish() throws Exception {
        assertThat(end(create(Lifetime.ENDS, Duration.ofMillis(50))).why()).isEqualTo(Why.of(Cause.EXPIRED));
        Sandbox pauses = create(Samples.PAUSES, Duration.ofMillis(50));
        Eventually.holds(() -> history(pauses).getLast().kind() == Kind.PAUSED);
        assertThat(history(pauses).getLast().why()).isEqualTo(Why.of(Cause.EXPIRED));
        for (SandboxEnd.Cause cause : List.of(
                SandboxEnd.Cause.OUT_OF_MEMORY,
                SandboxEnd.Cause.SHIM_LOST,
                SandboxEnd.Cause.GUEST_EXITED,
                SandboxEnd.Cause.CPU_TIME)) {
            Sandbox sandbox = create(Lifetime.ENDS, LONG);
            host.end(sandbox.incarnation(), cause);
            assertThat(end(sandbox).why()).isEqualTo(Why.of(Cause.of(cause)));
        }
        Sandbox forgotten = create(Lifetime.ENDS, LONG);
        host.forget(forgotten.incarnation());
        assertThat(end(forgotten).why()).isEqualTo(Why.of(Cause.HOST_LOST));
        for (Cause cause : List.of(Cause.EXPIRED, Cause.OUT_OF_MEMORY, Cause.SHIM_LOST, Cause.HOST_LOST)) {
            assertThat(sandboxes.tally().endedBy(cause)).as(cause.name()).isEqualTo(1);
        }
        assertThat(sandboxes.tally().endedBy(Cause.REQUESTED)).isZero();
    }

    @Test
    void anEndThatWasSetToNowIsWrittenToWhoeverDidThat() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS, LONG);
        BOB.during(() -> sandboxes.timeout(Samples.TENANT, sandbox.id(), Duration.ZERO));
        assertThat(end(sandbox).why()).isEqualTo(new Why(Cause.EXPIRED, BOB));
    }
}
