package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the engine does whichever driver it has ({@link DriverContract} has the rest); nothing may be left. */
class EngineLifecycleTest {
    private static final Duration BOUND = Duration.ofSeconds(Integer.getInteger("skerry.test.bound-seconds", 20));

    /** Fewer on a machine where each takes seconds. */
    private static final int MANY = 5 * Integer.getInteger("skerry.test.crashes", 6);

    private static final long SHIM_GIVES_UP_MILLIS = 100;

    private static final HostListener UNHEARD = new HostListener() {
        @Override
        public void ended(Incarnation incarnation, SandboxEnd end) {
            // Who started it hears of it.
        }

        @Override
        public void frozen(Incarnation incarnation) {
            throw new AssertionError("nothing freezes here");
        }
    };

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private TestHost host;
    private Engine engine;

    @BeforeEach
    void open() {
        host = TestHost.make();
        engine = host.engine();
    }

    @AfterEach
    void nothingIsLeft() {
        engine.list().forEach(view -> engine.kill(view.id().text()));
        engine.close();
        host.assertNothingLeft();
    }

    private static SandboxSpec spec() {
        return SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT.withMemoryBytes(128L << 20));
    }

    private static String output(Sandbox sandbox, String... command) throws Exception {
        GuestProcess process = sandbox.guest().exec(ExecRequest.of(command));
        String text = new String(process.stdout().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.await(BOUND)).isPresent();
        return text;
    }

    @Test
    void destroyingTwiceIsSuccessAndTheEndHasOneCause() {
        Sandbox sandbox = engine.create(spec());
        SandboxEnd first = sandbox.destroy();
        assertThat(first.cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
        assertThat(sandbox.destroy()).isEqualTo(first);
    }

    @Test
    void aDeadlineBeforeTheStartIsOverSaysSo() {
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT.withWallTime(Duration.ofMillis(1)));
        assertThatThrownBy(() -> engine.create(spec)).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
            assertThat(failure).hasMessageContaining("wall-clock time before it had started");
        });
    }

    @Test
    void whoControlsASandboxLearnsThatAnotherDestroyedIt() throws Exception {
        try (Engine other = host.engine()) {
            for (int i = 0; i < 10; i++) {
                Sandbox sandbox = engine.create(spec());
                other.kill(sandbox.id().text());
                assertThat(sandbox.awaitEnd(BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
            }
        }
    }

    @Test
    void whatIsAcknowledgedAfterTheEndIsNotRepeated() throws Exception {
        Sandbox sandbox = engine.create(spec());
        GuestProcess process = sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", "printf 12345678"));
        assertThat(process.await(BOUND)).isPresent();
        assertThat(process.stdout().readNBytes(5)).asString().isEqualTo("12345");
        process.acknowledge();
        sandbox.detach();
        try (Sandbox again = engine.attach(sandbox.id().text())) {
            GuestProcess same = again.guest().processes().attach(process.process());
            assertThat(same.stdout().readAllBytes()).asString().isEqualTo("678");
        }
    }

    @Test
    void aNameIsGivenOnceAndIsFreeAfterwards() {
        Sandbox first = engine.create(spec().named("judge"));
        assertThatThrownBy(() -> engine.create(spec().named("judge"))).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT);
            assertThat(e.hint()).isPresent();
        });
        first.destroy();
        engine.create(spec().named("judge")).destroy();
    }

    @Test
    void ofManyThatAttachAtATimeEachControlsItOrHearsWhyNot() throws Exception {
        Sandbox sandbox = engine.create(spec());
        String id = sandbox.id().text();
        sandbox.detach();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<Failure>>> answers = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                answers.add(threads.submit(() -> attached(id)));
            }
            for (Future<Optional<Failure>> answer : answers) {
                answer.get().ifPresent(failure -> assertThat(failure.code())
                        .isIn(ErrorCode.CONFLICT, ErrorCode.SANDBOX_GONE, ErrorCode.DEADLINE_EXCEEDED));
            }
        }
        try (Sandbox last = engine.attach(id)) {
            assertThat(last.guest().ping(BOUND)).isPositive();
        }
    }

    @Test
    void aNameThatOnlyADeadSandboxHasIsFree() throws Exception {
        Sandbox first = engine.create(spec().named("judge"));
        first.detach();
        Files.writeString(host.runFolderOf(first).resolve("owner"), "999999999 1");
        ProcessHandle shim = ProcessHandle.of(host.shimOf(first)).orElseThrow();
        shim.destroyForcibly();
        shim.onExit().join();
        engine.create(spec().named("judge")).destroy();
        assertThat(engine.list()).isEmpty();
    }

    @Test
    void whoWasReplacedHasNoPowerAnyMore() throws Exception {
        Sandbox first = engine.create(spec());
        try (Engine other = host.engine();
                Sandbox second = other.attach(first.id().text())) {
            List<ThrowingCallable> powers = List.of(
                    () -> first.awaitEnd(BOUND),
                    first::destroy,
                    first::pause,
                    first::resume,
                    () -> first.update(Limits.DEFAULT));
            for (ThrowingCallable power : powers) {
                assertThatThrownBy(power).isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
                    assertThat(failure).hasMessageContaining("taken over by another controller");
                });
            }
            first.close();
            assertThat(second.guest().ping(BOUND)).isPositive();
            assertThat(second.paused()).isFalse();
        }
    }

    @Test
    void whoHasLetGoHasNoPowerAnyMore() throws Exception {
        Sandbox first = engine.create(spec());
        first.detach();
        assertThatThrownBy(first::destroy).isInstanceOf(Failure.class).hasMessageContaining("was let go");
        first.close();
        try (Sandbox second = engine.attach(first.id().text())) {
            assertThat(second.guest().ping(BOUND)).isPositive();
        }
    }

    @Test
    void aStartThatIsErasedWheneverThatMayBeSaysThatItWasDestroyed() throws Exception {
        AtomicReference<Incarnation> starting = new AtomicReference<>(fresh());
        AtomicBoolean over = new AtomicBoolean();
        Thread eraser = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                engine.erase(starting.get());
            }
        });
        try {
            for (int i = 0; i < MANY; i++) {
                Incarnation incarnation = fresh();
                starting.set(incarnation);
                try {
                    engine.start(incarnation, spec(), Optional.empty(), UNHEARD);
                } catch (Failure failure) {
                    assertThat(failure.code()).as(failure.toString()).isEqualTo(ErrorCode.SANDBOX_GONE);
                }
                engine.erase(incarnation);
            }
        } finally {
            over.set(true);
            assertThat(eraser.join(BOUND)).isTrue();
        }
    }

    private static Incarnation fresh() {
        return new Incarnation(SandboxId.create(InstantSource.system().instant(), new SecureRandom()), 1);
    }

    private Optional<Failure> attached(String id) {
        try {
            engine.attach(id);
            return Optional.empty();
        } catch (Failure failure) {
            return Optional.of(failure);
        }
    }

    @Test
    void aLivingControllerIsNotRobbed() {
        Sandbox sandbox = engine.create(spec());
        Path owner = host.runFolderOf(sandbox).resolve("owner");
        try (Engine other = host.engine()) {
            Files.writeString(owner, ProcessIdentity.of(1).orElseThrow().toString());
            assertThatThrownBy(() -> other.attach(sandbox.id().text()))
                    .isInstanceOfSatisfying(
                            Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            sandbox.destroy();
        }
    }

    @Test
    void aStartThatFailsLeavesNothingAndSaysWhy() {
        SandboxSpec impossible =
                spec().withBinds(List.of(new SandboxSpec.Bind(Path.of("/nonexistent/folder"), "/data")));
        assertThatThrownBy(() -> engine.create(impossible))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e).hasMessageContaining("/nonexistent/folder"));
    }

    @Test
    void manyAtATimeAreMadeAndEnded() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                String word = "w" + i;
                answers.add(threads.submit(() -> {
                    try (Sandbox sandbox = engine.create(spec())) {
                        return output(sandbox, "/bin/echo", word);
                    }
                }));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).isEqualTo("w" + i + "\n");
            }
        }
    }

    /** On cgroup v1 the shim looked at a list of processes that the kernel had kept, until it gave up after 100 ms. */
    @Test
    void theShimIsDoneOnceTheBoxIsEmpty() throws Exception {
        Duration shortest = BOUND;
        for (int i = 0; i < MANY && shortest.toMillis() >= SHIM_GIVES_UP_MILLIS; i++) {
            try (Sandbox sandbox = engine.create(spec())) {
                long begin = System.nanoTime();
                sandbox.deadline(1, AtDeadline.KILL);
                assertThat(sandbox.awaitEnd(BOUND))
                        .get()
                        .extracting(SandboxEnd::cause)
                        .isEqualTo(SandboxEnd.Cause.TIMED_OUT);
                Duration took = Duration.ofNanos(System.nanoTime() - begin);
                shortest = took.compareTo(shortest) < 0 ? took : shortest;
            }
        }
        assertThat(shortest.toMillis()).isLessThan(SHIM_GIVES_UP_MILLIS);
    }

    /** Besides the filter of system calls and the missing right: the kernel makes none, for whoever may ask. */
    @Test
    void noNamespaceCanBeMadeInASandbox() throws Exception {
        try (Sandbox sandbox = engine.create(spec())) {
            String limits = output(
                    sandbox,
                    "/bin/sh",
                    "-c",
                    "cd /proc/sys/user && for f in max_*_namespaces; do read n <$f; echo $n; done");
            assertThat(limits.lines()).hasSizeGreaterThanOrEqualTo(7).containsOnly("0");
        }
    }
}
