package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredSandboxesTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final SandboxStore store = new InMemorySandboxStore();
    private SimulatedHost host = new SimulatedHost();
    private StoredSandboxes sandboxes = open(2);

    private StoredSandboxes open(int runningMax) {
        return open(runningMax, Quota.UNSAID);
    }

    private StoredSandboxes open(int runningMax, Quota quota) {
        return StoredSandboxes.open(store, host, Samples.settings(runningMax), _ -> quota, InstantSource.system());
    }

    @AfterEach
    void close() {
        sandboxes.close();
        assertThat(host.violations()).isEmpty();
    }

    private Sandbox create(Lifetime lifetime) throws InterruptedException {
        return sandboxes.create(Samples.TENANT, Samples.config(lifetime), LONG, Optional.empty());
    }

    private static void fails(ErrorCode code, String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure).hasMessageContaining(message);
        });
    }

    private HostedSandbox.State onHost(Incarnation incarnation) {
        return host.boxes().stream()
                .filter(box -> box.incarnation().equals(incarnation))
                .findFirst()
                .orElseThrow()
                .state();
    }

    private Cause reason(SandboxId id) {
        return ((SandboxState.Stopped) store.get(id).orElseThrow().state()).reason();
    }

    private void awaitEnd(SandboxId id) {
        Eventually.holds(() -> sandboxes.find(id).isEmpty());
    }

    @Test
    void oneIsCreatedKilledAndGone() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        assertThat(sandbox.state()).isInstanceOf(SandboxState.Running.class);
        assertThat(sandboxes.get(Samples.TENANT, sandbox.id())).isEqualTo(sandbox);
        Deadline net = new Deadline(sandbox.endsAt().plusSeconds(2), AtDeadline.KILL);
        Eventually.holds(() -> host.deadlineOf(sandbox.incarnation()).equals(Optional.of(net)));
        sandboxes.kill(Samples.TENANT, sandbox.id());
        assertThat(host.boxes()).isEmpty();
        assertThat(host.keptDisks()).isEmpty();
        assertThat(sandboxes.events(Samples.TENANT, sandbox.id()))
                .extracting(SandboxEvent::kind)
                .containsExactly(SandboxEvent.Kind.CREATED, SandboxEvent.Kind.STARTED, SandboxEvent.Kind.ENDED);
        String unknown = "Sandbox \"" + sandbox.id() + "\" doesn't exist or you don't have access to it";
        fails(ErrorCode.NOT_FOUND, unknown, () -> sandboxes.kill(Samples.TENANT, sandbox.id()));
    }

    @Test
    void aNewOneIsOneThatIsReadyAndItsHistoryAndTheMetricsSaySo() throws Exception {
        SandboxId ready = Samples.fresh(Lifetime.ENDS).id();
        host.ready.add(ready);
        assertThat(create(Lifetime.ENDS).id()).isEqualTo(ready);
        Sandbox cold = create(Lifetime.ENDS);
        assertThat(cold.id()).isNotEqualTo(ready);
        assertThat(sandboxes.events(Samples.TENANT, ready).get(1).detail()).endsWith("start warm");
        assertThat(sandboxes.events(Samples.TENANT, cold.id()).get(1).detail()).endsWith("start cold");
        assertThat(sandboxes.tally().startedWarm()).isEqualTo(1);
        assertThat(sandboxes.tally().startedCold()).isEqualTo(1);

        SandboxId other = Samples.fresh(Lifetime.ENDS).id();
        host.ready.add(other);
        fails(ErrorCode.LIMIT_EXCEEDED, "maximum number", () -> create(Lifetime.ENDS));
        assertThat(host.ready.ready()).containsExactly(other);
        assertThat(host.ready.reserved()).isEmpty();
    }

    @Test
    void aRequestThatIsRepeatedTakesNoneThatIsReady() throws Exception {
        SandboxId ready = Samples.fresh(Lifetime.ENDS).id();
        Optional<String> key = Optional.of("key");
        SandboxConfig config = Samples.config(Lifetime.ENDS);
        Sandbox first = sandboxes.create(Samples.TENANT, config, LONG, key);
        host.ready.add(ready);
        assertThat(sandboxes.create(Samples.TENANT, config, LONG, key)).isEqualTo(first);
        assertThat(host.ready.ready()).containsExactly(ready);
    }

    @Test
    void whatIsFrozenTakesMemoryUntilItIsGoneOrOnDiskOnly() throws Exception {
        sandboxes.close();
        long memory = Samples.config(Lifetime.ENDS).limits().memoryBytes();
        sandboxes = open(10, new Quota(Map.of(Resource.MEMORY_BYTES, 2 * memory, Resource.SANDBOXES, 1L)));
        Sandbox first = create(Samples.PAUSES);
        fails(ErrorCode.LIMIT_EXCEEDED, "sandboxes is 1, and 1 run", () -> create(Lifetime.ENDS));
        sandboxes.pause(Samples.TENANT, first.id(), PauseKind.MEMORY);
        Sandbox second = create(Samples.PAUSES);
        sandboxes.pause(Samples.TENANT, second.id(), PauseKind.MEMORY);
        fails(ErrorCode.LIMIT_EXCEEDED, "memory is 1 GiB, of which 1 GiB are in use", () -> create(Lifetime.ENDS));
        fails(
                ErrorCode.CONFLICT,
                "has 2 sandboxes",
                () -> sandboxes.retire(Samples.TENANT, () -> {
                    throw new AssertionError("it was deleted");
                }));
        // What it has is enough for itself.
        sandboxes.connect(Samples.TENANT, first.id(), LONG, true);
        fails(ErrorCode.LIMIT_EXCEEDED, "1 run", () -> sandboxes.connect(Samples.TENANT, second.id(), LONG, true));
        sandboxes.pause(Samples.TENANT, first.id(), PauseKind.DISK);
        sandboxes.kill(Samples.TENANT, second.id());
        assertThat(sandboxes.use(Samples.TENANT)).containsEntry(Resource.MEMORY_BYTES, 0L);
        sandboxes.kill(Samples.TENANT, create(Lifetime.ENDS).id());
        sandboxes.kill(Samples.TENANT, first.id());
        assertThat(sandboxes.use(Samples.TENANT).values()).containsOnly(0L);
    }

    @Test
    void anotherTenantsIsNotThere() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        SandboxId id = sandbox.id();
        String unknown = "doesn't exist or you don't have access to it";
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> sandboxes.get(Samples.OTHER, id),
                () -> sandboxes.kill(Samples.OTHER, id),
                () -> sandboxes.pause(Samples.OTHER, id, PauseKind.MEMORY),
                () -> sandboxes.connect(Samples.OTHER, id, LONG, true),
                () -> sandboxes.timeout(Samples.OTHER, id, LONG),
                () -> sandboxes.extend(Samples.OTHER, id, LONG),
                () -> sandboxes.usage(Samples.OTHER, id),
                () -> sandboxes.events(Samples.OTHER, id))) {
            fails(ErrorCode.NOT_FOUND, unknown, call);
        }
        assertThat(sandboxes.eventsAfter(Samples.OTHER, 0, 10)).isEmpty();
    }

    @Test
    void whatTheHostSaysOfAStartIsWhatItsCallerHears() {
        host.trouble(new SimulatedHost.Trouble() {
            @Override
            public void before(SimulatedHost.Call call) {
                if (call == SimulatedHost.Call.START) {
                    throw new Failure(ErrorCode.NOT_FOUND, "there is no template 'x'", "import it");
                }
            }
        });
        fails(ErrorCode.NOT_FOUND, "there is no template 'x'", () -> create(Lifetime.ENDS));
        Eventually.holds(() -> store.live().isEmpty());
        assertThat(sandboxes.running()).isZero();
    }

    @Test
    void asManyRunAsMayAndThePausedDoNotCount() throws Exception {
        Sandbox first = create(Lifetime.ENDS);
        Sandbox second = create(Lifetime.ENDS);
        String full = "you have reached the maximum number of concurrent E2B sandboxes (2)";
        fails(ErrorCode.LIMIT_EXCEEDED, full, () -> create(Lifetime.ENDS));
        sandboxes.pause(Samples.TENANT, first.id(), PauseKind.MEMORY);
        Sandbox third = create(Lifetime.ENDS);
        fails(ErrorCode.LIMIT_EXCEEDED, full, () -> sandboxes.connect(Samples.TENANT, first.id(), LONG, true));
        sandboxes.kill(Samples.TENANT, third.id());
        sandboxes.kill(Samples.TENANT, second.id());
        assertThat(sandboxes.connect(Samples.TENANT, first.id(), LONG, true).resumed())
                .isTrue();
        assertThat(sandboxes.running()).isEqualTo(1);
    }

    @Test
    void theNumberOfATenantsThatRunIsWhatItsListShows() throws Exception {
        Sandbox first = create(Lifetime.ENDS);
        create(Lifetime.ENDS);
        assertThat(sandboxes.running(Samples.TENANT)).isEqualTo(2);
        assertThat(sandboxes.running(Samples.OTHER)).isZero();
        sandboxes.pause(Samples.TENANT, first.id(), PauseKind.MEMORY);
        assertThat(sandboxes.running(Samples.TENANT)).isEqualTo(1);
        sandboxes.connect(Samples.TENANT, first.id(), LONG, true);
        assertThat(sandboxes.running(Samples.TENANT)).isEqualTo(2);
        sandboxes.kill(Samples.TENANT, first.id());
        assertThat(sandboxes.running(Samples.TENANT)).isEqualTo(1);
    }

    @Test
    void aPauseInMemoryIsAFreezeAndAResumeAThaw() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
        assertThat(onHost(sandbox.incarnation())).isEqualTo(HostedSandbox.State.FROZEN);
        fails(
                ErrorCode.CONFLICT,
                "Error pausing sandbox - sandbox '" + sandbox.id() + "' is already paused",
                () -> sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY));
        Sandboxes.Connected connected = sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true);
        assertThat(connected.resumed()).isTrue();
        assertThat(connected.sandbox().generation()).isEqualTo(1);
        assertThat(onHost(sandbox.incarnation())).isEqualTo(HostedSandbox.State.RUNNING);
        assertThat(host.starts()).isEqualTo(1);
    }

    @Test
    void aPauseToDiskIsAnEndThatKeepsTheDisk() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.DISK);
        assertThat(host.boxes()).isEmpty();
        assertThat(host.keptDisks()).containsExactly(sandbox.id());
        assertThat(sandboxes.usage(Samples.TENANT, sandbox.id())).isEmpty();
        Sandbox again =
                sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true).sandbox();
        assertThat(again.generation()).isEqualTo(2);
        assertThat(onHost(again.incarnation())).isEqualTo(HostedSandbox.State.RUNNING);
    }

    @Test
    void itsMemoryIsGivenUpWhenThatIsAsked() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
        Sandbox again =
                sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, false).sandbox();
        assertThat(again.generation()).isEqualTo(2);
        assertThat(host.boxes()).extracting(HostedSandbox::incarnation).containsExactly(again.incarnation());
    }

    @Test
    void aConnectionNeverShortensAndATimeoutMay() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        SandboxId id = sandbox.id();
        Sandboxes.Connected connected = sandboxes.connect(Samples.TENANT, id, Duration.ofSeconds(1), true);
        assertThat(connected).isEqualTo(new Sandboxes.Connected(sandbox, false));
        sandboxes.extend(Samples.TENANT, id, LONG.plusMinutes(5));
        assertThat(sandboxes.get(Samples.TENANT, id).endsAt())
                .isAfter(sandbox.endsAt().plusSeconds(299));
        sandboxes.timeout(Samples.TENANT, id, LONG);
        assertThat(sandboxes.get(Samples.TENANT, id).endsAt())
                .isBefore(sandbox.endsAt().plusSeconds(60));
        sandboxes.timeout(Samples.TENANT, id, Duration.ZERO);
        assertThat(sandboxes.find(id)).isEmpty();
        assertThat(reason(id)).isEqualTo(Cause.EXPIRED);
    }

    @Test
    void itEndsByItselfWhenItsTimeIsOverOrIsPaused() throws Exception {
        Duration brief = Duration.ofMillis(50);
        Sandbox ends = sandboxes.create(Samples.TENANT, Samples.config(Lifetime.ENDS), brief, Optional.empty());
        Sandbox pauses = sandboxes.create(Samples.TENANT, Samples.config(Samples.PAUSES), brief, Optional.empty());
        awaitEnd(ends.id());
        assertThat(reason(ends.id())).isEqualTo(Cause.EXPIRED);
        Eventually.holds(() -> sandboxes.find(pauses.id()).orElseThrow().state() instanceof SandboxState.Paused);
        assertThat(onHost(pauses.incarnation())).isEqualTo(HostedSandbox.State.FROZEN);
    }

    @Test
    void openAnswersAreEndedBeforeAPauseAndLetInAgainAfterIt() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        OpenStreams streams = sandboxes.streamsOf(sandbox.id());
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread answer = Thread.startVirtualThread(() -> {
            try (OpenStreams.Entry _ = streams.enter()) {
                entered.countDown();
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(answer.join(Duration.ofSeconds(20))).isTrue();
        fails(ErrorCode.NOT_FOUND, "paused or ended", streams::enter);
        assertThat(sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true).resumed())
                .isTrue();
        streams.enter().close();
    }

    @Test
    void whatEndsOnTheHostHasEnded() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        host.end(sandbox.incarnation(), SandboxEnd.Cause.OUT_OF_MEMORY);
        awaitEnd(sandbox.id());
        assertThat(reason(sandbox.id())).isEqualTo(Cause.OUT_OF_MEMORY);
        assertThat(host.boxes()).isEmpty();
        assertThat(host.keptDisks()).isEmpty();
    }

    @Test
    void aRunningOneIsReachedAndAPausedOneOnlyIfTrafficWakesIt(@TempDir Path folder) throws Exception {
        try (BareGuest guest = BareGuest.start(folder)) {
            sandboxes.close();
            host = new SimulatedHost(_ -> guest.connection());
            sandboxes = open(10);
            Sandbox wakes = create(Samples.WAKES);
            LiveSandbox live = sandboxes.reach(wakes.id());
            assertThat(live.sandbox()).isEqualTo(sandboxes.find(wakes.id()).orElseThrow());
            assertThat(sandboxes.reach(wakes.id())).isSameAs(live);
            sandboxes.pause(Samples.TENANT, wakes.id(), PauseKind.MEMORY);
            assertThat(sandboxes.reach(wakes.id()).sandbox().state()).isInstanceOf(SandboxState.Running.class);
            assertThat(onHost(wakes.incarnation())).isEqualTo(HostedSandbox.State.RUNNING);
            Sandbox sleeps = create(Samples.PAUSES);
            sandboxes.pause(Samples.TENANT, sleeps.id(), PauseKind.MEMORY);
            fails(ErrorCode.NOT_FOUND, "is paused", () -> sandboxes.reach(sleeps.id()));
            fails(ErrorCode.NOT_FOUND, "doesn't exist", () -> sandboxes.reach(Samples.id(Samples.NOON)));
        }
    }
}
