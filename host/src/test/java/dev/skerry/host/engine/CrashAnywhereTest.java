package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Drivers;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Whatever dies, and whenever it dies: the sandbox ends or can be picked up, and nothing is left of it. Starts take
 * turns between our own launcher and crun.
 */
class CrashAnywhereTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int STARTS = 30;
    private static final int CRASHES = 6;
    private static final long START_NANOS_LEAST = Duration.ofMillis(40).toNanos();

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final Random random = new Random(20261122);
    private TestHost host;
    private Engine engine;
    private Engine onCrun;

    /** How long a start takes on this machine, now. */
    private long startNanos;

    @BeforeEach
    void open() {
        host = TestHost.make();
        engine = host.engine(new Drivers(List.of(Drivers.container(host.guestd()))));
        onCrun = host.engine(new Drivers(List.of(Drivers.container(TestHost.runtime("crun")))));
        // The first start makes the template.
        engine.create(spec()).destroy();
        long begin = System.nanoTime();
        Sandbox second = engine.create(spec());
        startNanos = Math.max(START_NANOS_LEAST, System.nanoTime() - begin);
        second.destroy();
    }

    @AfterEach
    void nothingIsLeft() {
        engine.list().forEach(view -> engine.kill(view.id().text()));
        engine.reaper().reap(Duration.ZERO);
        onCrun.close();
        engine.close();
        host.assertNothingLeft();
    }

    private static SandboxSpec spec() {
        return SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT);
    }

    @Test
    void aSandboxMayBeDestroyedAtAnyMomentOfItsStart() throws Exception {
        duringStarts(name -> {
            try {
                engine.kill(name);
            } catch (Failure e) {
                assertThat(e).as("it may be gone already").hasMessageContaining(name);
            }
        });
    }

    @Test
    void theShimMayBeKilledAtAnyMomentOfAStart() throws Exception {
        duringStarts(name -> host.shim(name).ifPresent(shim -> signal(shim.pid())));
    }

    @Test
    void whatTheShimStartsMayBeKilledAtAnyMomentOfAStart() throws Exception {
        duringStarts(name -> host.shim(name).stream()
                .flatMap(shim -> ProcessHandle.of(shim.pid()).stream())
                .flatMap(ProcessHandle::children)
                .forEach(child -> signal(child.pid())));
    }

    private static void signal(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** A start ends with a sandbox that works or is over, or with a failure that says why. */
    private void duringStarts(Consumer<String> harm) throws Exception {
        List<String> reasons = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < STARTS; i++) {
                long wait = random.nextLong(startNanos);
                Engine starting = i % 2 == 0 ? engine : onCrun;
                Future<Sandbox> start = threads.submit(() -> starting.create(spec()));
                host.await(
                        "it is on its way",
                        () -> start.isDone() || !engine.list().isEmpty());
                Optional<SandboxView> view = engine.list().stream().findFirst();
                // Any moment will do: this is where the harm falls, not something that is waited for.
                TimeUnit.NANOSECONDS.sleep(wait);
                view.ifPresent(seen -> harm.accept(seen.id().text()));
                try {
                    Sandbox sandbox = start.get(BOUND.toSeconds(), TimeUnit.SECONDS);
                    sandbox.destroy();
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(Failure.class);
                    assertThat(e.getCause().getMessage()).isNotBlank();
                    reasons.add(e.getCause().getMessage());
                }
                assertThat(engine.list()).isEmpty();
            }
        }
        assertThat(reasons).as("some starts were hit").isNotEmpty();
    }

    @Test
    void theControllerMayBeKilledAtAnyMoment() throws Exception {
        for (int i = 0; i < CRASHES; i++) {
            Process controller = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-Dskerry.test.fork=" + TestHost.FORK,
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            Churn.class.getName())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (var lines = controller.inputReader()) {
                assertThat(lines.readLine()).isEqualTo("started");
                TimeUnit.NANOSECONDS.sleep(random.nextLong(8 * startNanos));
            } finally {
                controller.destroyForcibly().waitFor();
            }
            pickUpOrRemove();
        }
    }

    /** Those with a living shim are as good as before; the others are the reaper's. */
    private void pickUpOrRemove() throws InterruptedException {
        for (SandboxView view : engine.list()) {
            try {
                Sandbox sandbox = engine.attach(view.id().text());
                assertThat(sandbox.guest().ping(BOUND)).isPositive();
                sandbox.destroy();
            } catch (Failure e) {
                assertThat(e.getMessage()).contains(view.id().text());
            }
        }
        host.await("the dead are reaped", () -> {
            engine.reaper().reap(Duration.ZERO);
            return engine.list().isEmpty();
        });
        host.assertNothingLeft();
    }
}
