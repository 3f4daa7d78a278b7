package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.Quota;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several callers of one sandbox, with real threads and the real store. */
class ConcurrentCallsTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration BOUND = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final SimulatedHost host = new SimulatedHost();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Database database;
    private SandboxStore store;
    private StoredSandboxes sandboxes;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("skerry.db"));
        store = new SqlSandboxStore(database, TestSecrets.SEALING);
        sandboxes =
                StoredSandboxes.open(store, host, Samples.settings(1000), _ -> Quota.UNSAID, InstantSource.system());
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        sandboxes.close();
        database.close();
        assertThat(host.violations()).isEmpty();
    }

    private Sandbox create(Lifetime lifetime) throws InterruptedException {
        return sandboxes.create(Samples.TENANT, Samples.config(lifetime), LONG, Optional.empty());
    }

    /** A call of the host that waits until somebody destroys the sandbox. */
    private static final class StuckCall implements SimulatedHost.Trouble {
        private final SimulatedHost.Call call;
        final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch destroyed = new CountDownLatch(1);

        StuckCall(SimulatedHost.Call call) {
            this.call = call;
        }

        @Override
        public void before(SimulatedHost.Call now) {
            if (now == SimulatedHost.Call.DESTROY) {
                destroyed.countDown();
            }
        }

        @Override
        public void after(SimulatedHost.Call now) throws InterruptedException {
            if (now == call) {
                reached.countDown();
                assertThat(destroyed.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static ErrorCode failure(Future<?> call) throws Exception {
        try {
            call.get(BOUND.toSeconds(), TimeUnit.SECONDS);
            throw new AssertionError("it did not fail");
        } catch (ExecutionException e) {
            return ((Failure) e.getCause()).code();
        }
    }

    @Test
    void oneThatIsStillStartingIsKilledAtOnce() throws Exception {
        StuckCall stuck = new StuckCall(SimulatedHost.Call.START);
        host.trouble(stuck);
        Future<Sandbox> creation = threads.submit(() -> create(Lifetime.ENDS));
        assertThat(stuck.reached.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        sandboxes.kill(Samples.TENANT, store.live().getFirst().sandbox().id());
        assertThat(failure(creation)).isEqualTo(ErrorCode.SANDBOX_GONE);
        assertThat(host.boxes()).isEmpty();
        assertThat(host.keptDisks()).isEmpty();
    }

    @Test
    void oneThatIsBeingPausedIsKilledAtOnce() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        StuckCall stuck = new StuckCall(SimulatedHost.Call.FREEZE);
        host.trouble(stuck);
        Future<?> pause = threads.submit(() -> {
            sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
            return null;
        });
        assertThat(stuck.reached.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        sandboxes.kill(Samples.TENANT, sandbox.id());
        assertThat(failure(pause)).isEqualTo(ErrorCode.CONFLICT);
        assertThat(host.boxes()).isEmpty();
        assertThat(sandboxes.events(Samples.TENANT, sandbox.id()).stream()
                        .filter(event -> event.kind() == SandboxEvent.Kind.ENDED))
                .hasSize(1);
    }

    @Test
    void oneThatIsBeingKilledSaysSo() throws Exception {
        Sandbox sandbox = create(Lifetime.ENDS);
        CountDownLatch destroying = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        host.trouble(new SimulatedHost.Trouble() {
            @Override
            public void before(SimulatedHost.Call call) throws InterruptedException {
                if (call == SimulatedHost.Call.DESTROY) {
                    destroying.countDown();
                    assertThat(goOn.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
                }
            }
        });
        Future<?> first = threads.submit(() -> kill(sandbox.id()));
        assertThat(destroying.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        Future<?> second = threads.submit(() -> killOrFindGone(sandbox.id()));
        String killed = "Sandbox \"" + sandbox.id() + "\" is being killed";
        assertThatThrownBy(() -> sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true))
                .hasMessage(killed);
        assertThatThrownBy(() -> sandboxes.timeout(Samples.TENANT, sandbox.id(), LONG))
                .hasMessage(killed);
        assertThatThrownBy(() -> sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.DISK))
                .hasMessage(killed);
        goOn.countDown();
        first.get(BOUND.toSeconds(), TimeUnit.SECONDS);
        second.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    }

    /** A thread that begins late finds nothing to wait for. */
    private Void killOrFindGone(SandboxId id) throws InterruptedException {
        try {
            return kill(id);
        } catch (Failure e) {
            assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND);
            return null;
        }
    }

    private Void kill(SandboxId id) throws InterruptedException {
        sandboxes.kill(Samples.TENANT, id);
        return null;
    }

    @Test
    void severalWhoConnectToAPausedOneResumeItOnce() throws Exception {
        for (PauseKind kind : PauseKind.values()) {
            Sandbox sandbox = create(Lifetime.ENDS);
            sandboxes.pause(Samples.TENANT, sandbox.id(), kind);
            AtomicInteger thaws = new AtomicInteger();
            host.trouble(new SimulatedHost.Trouble() {
                @Override
                public void before(SimulatedHost.Call call) {
                    if (call == SimulatedHost.Call.THAW || call == SimulatedHost.Call.START) {
                        thaws.incrementAndGet();
                    }
                }
            });
            Callable<Sandboxes.Connected> connection =
                    () -> sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true);
            List<Sandbox> connected = new ArrayList<>();
            for (Future<Sandboxes.Connected> one : threads.invokeAll(
                    IntStream.range(0, 8).mapToObj(_ -> connection).toList())) {
                connected.add(one.get(BOUND.toSeconds(), TimeUnit.SECONDS).sandbox());
            }
            assertThat(connected).allMatch(one -> one.state() instanceof SandboxState.Running);
            assertThat(thaws).hasValue(1);
            assertThat(sandboxes.events(Samples.TENANT, sandbox.id()).stream()
                            .filter(event -> event.kind() == SandboxEvent.Kind.RESUMED))
                    .hasSize(1);
        }
    }

    @Test
    void oneKeyMakesOneSandboxWhoeverAsksAndHowever() throws Exception {
        SandboxConfig config = Samples.config(Lifetime.ENDS);
        Optional<String> key = Optional.of("one");
        Callable<Sandbox> creation = () -> sandboxes.create(Samples.TENANT, config, LONG, key);
        Set<SandboxId> ids = new HashSet<>();
        for (Future<Sandbox> one :
                threads.invokeAll(IntStream.range(0, 16).mapToObj(_ -> creation).toList())) {
            ids.add(one.get(BOUND.toSeconds(), TimeUnit.SECONDS).id());
        }
        assertThat(ids).hasSize(1);
        assertThat(host.starts()).isEqualTo(1);
        SandboxConfig other = Samples.config(Lifetime.ENDS, Map.of("a", "b"));
        assertThatThrownBy(() -> sandboxes.create(Samples.TENANT, other, LONG, key))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT));
        assertThat(sandboxes.create(Samples.OTHER, other, LONG, key).id()).isNotIn(ids);
        sandboxes.kill(Samples.TENANT, ids.iterator().next());
        assertThat(creation.call().id()).isNotIn(ids);
    }

    @Test
    void aFailedCreationFreesItsKey() throws Exception {
        Optional<String> key = Optional.of("one");
        host.trouble(new SimulatedHost.Trouble() {
            @Override
            public void before(SimulatedHost.Call call) {
                if (call == SimulatedHost.Call.START) {
                    throw new Failure(ErrorCode.NO_CAPACITY, "full");
                }
            }
        });
        SandboxConfig config = Samples.config(Lifetime.ENDS);
        assertThatThrownBy(() -> sandboxes.create(Samples.TENANT, config, LONG, key))
                .hasMessage("full");
        host.trouble(SimulatedHost.Trouble.NONE);
        assertThat(sandboxes.create(Samples.TENANT, config, LONG, key).state())
                .isInstanceOf(SandboxState.Running.class);
    }

    @Test
    void aRenewalAtTheInstantOfExpiryIsKeptOrRefused() throws Exception {
        List<Future<Boolean>> renewals = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Sandbox sandbox = sandboxes.create(
                    Samples.TENANT, Samples.config(Lifetime.ENDS), Duration.ofMillis(30), Optional.empty());
            renewals.add(threads.submit(() -> renewAtTheEnd(sandbox)));
        }
        for (Future<Boolean> renewal : renewals) {
            boolean _ = renewal.get(BOUND.toSeconds(), TimeUnit.SECONDS);
        }
        Eventually.holds(
                () -> store.live().stream().allMatch(live -> live.sandbox().state() instanceof SandboxState.Running));
        assertThat(host.boxes()).hasSameSizeAs(store.live());
        assertThat(host.boxes()).allMatch(box -> box.state() == HostedSandbox.State.RUNNING);
    }

    private boolean renewAtTheEnd(Sandbox sandbox) throws InterruptedException {
        Eventually.holds(() ->
                !InstantSource.system().instant().isBefore(sandbox.endsAt().minusMillis(2)));
        try {
            sandboxes.timeout(Samples.TENANT, sandbox.id(), LONG);
        } catch (Failure e) {
            assertThat(e.code()).isIn(ErrorCode.CONFLICT, ErrorCode.NOT_FOUND);
            return false;
        }
        Instant end = sandboxes.get(Samples.TENANT, sandbox.id()).endsAt();
        assertThat(end).isAfter(sandbox.endsAt().plusSeconds(200));
        return true;
    }

    @Test
    void whateverManyCallersDoItComesToRest() throws Exception {
        List<SandboxId> ids = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ids.add(create(i % 2 == 0 ? Lifetime.ENDS : Samples.WAKES).id());
        }
        List<Future<?>> callers = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Random random = new Random(i);
            callers.add(threads.submit(() -> {
                for (int k = 0; k < 25; k++) {
                    callSomething(random, ids.get(random.nextInt(ids.size())));
                }
                return null;
            }));
        }
        for (Future<?> caller : callers) {
            caller.get(120, TimeUnit.SECONDS);
        }
        for (SandboxId id : ids) {
            if (sandboxes.find(id).isPresent()) {
                kill(id);
            }
            assertThat(sandboxes.events(Samples.TENANT, id).stream()
                            .filter(event -> event.kind() == SandboxEvent.Kind.ENDED))
                    .hasSize(1);
        }
        assertThat(store.live()).isEmpty();
        assertThat(host.boxes()).isEmpty();
        assertThat(host.keptDisks()).isEmpty();
        assertThat(sandboxes.running()).isZero();
    }

    private void callSomething(Random random, SandboxId id) throws InterruptedException {
        try {
            switch (random.nextInt(20)) {
                case 0 -> sandboxes.kill(Samples.TENANT, id);
                case 1, 2, 3, 4 -> sandboxes.pause(Samples.TENANT, id, PauseKind.MEMORY);
                case 5, 6 -> sandboxes.pause(Samples.TENANT, id, PauseKind.DISK);
                case 7, 8 -> sandboxes.connect(Samples.TENANT, id, LONG, false);
                case 9, 10 -> sandboxes.timeout(Samples.TENANT, id, LONG.plusSeconds(random.nextInt(9)));
                case 11 -> sandboxes.extend(Samples.TENANT, id, LONG.plusMinutes(1));
                default -> sandboxes.connect(Samples.TENANT, id, LONG, true);
            }
        } catch (Failure e) {
            assertThat(e.code()).isIn(ErrorCode.CONFLICT, ErrorCode.NOT_FOUND);
        }
    }
}
