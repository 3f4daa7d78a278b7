package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.stream.ExecRequest;
import dev.skerry.host.stream.GuestProcess;
import dev.skerry.host.stream.ProcessExit;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sandboxes of level container, made and ended in every way; nothing may be left of any of them. */
class EngineLifecycleTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int SIGKILL = 9;

    private TestHost host;
    private Engine engine;

    @BeforeEach
    void open() throws IOException {
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
    void whatRunsInsideAnswers() throws Exception {
        try (Sandbox sandbox = engine.create(spec())) {
            assertThat(output(sandbox, "/bin/echo", "hello")).isEqualTo("hello\n");
            assertThat(sandbox.isolation()).isEqualTo(Isolation.CONTAINER);
            assertThat(sandbox.usage().memoryBytes()).isPositive();
        }
    }

    @Test
    void destroyingTwiceIsSuccessAndTheEndHasOneCause() {
        Sandbox sandbox = engine.create(spec());
        SandboxEnd first = sandbox.destroy();
        assertThat(first.cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
        assertThat(sandbox.destroy()).isEqualTo(first);
    }

    @Test
    void theDeadlineEndsItWithoutAnybodysHelp() throws Exception {
        // The time of starting counts, and some machines are slow; the very first start makes the template.
        engine.create(spec()).destroy();
        long before = System.nanoTime();
        engine.create(spec()).destroy();
        Duration wall = Duration.ofNanos(2 * (System.nanoTime() - before)).plusMillis(300);
        Sandbox sandbox = engine.create(SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT.withWallTime(wall)));
        GuestProcess sleeper = sandbox.guest().exec(ExecRequest.of("/bin/sleep", "100"));
        assertThat(sandbox.awaitEnd(BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
        assertThatThrownBy(() -> sleeper.await(BOUND))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_GONE));
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
    void cpuTimeIsLimitedInTotal() throws Exception {
        Sandbox sandbox = engine.create(
                SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT.withCpuTime(Duration.ofMillis(300))));
        sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", "(while :; do :; done) & while :; do :; done"));
        assertThat(sandbox.awaitEnd(BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.CPU_TIME);
        assertThat(sandbox.usage().cpuTime()).isGreaterThanOrEqualTo(Duration.ofMillis(280));
    }

    @Test
    void aKilledShimEndsItsSandbox() throws Exception {
        Sandbox sandbox = engine.create(spec());
        sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", "setsid sleep 100 & sleep 100"));
        ProcessHandle shim = ProcessHandle.of(host.shimOf(sandbox)).orElseThrow();
        shim.destroyForcibly();
        assertThat(sandbox.awaitEnd(BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.SHIM_LOST);
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
    void aKilledGuestdEndsItsSandbox() throws Exception {
        Sandbox sandbox = engine.create(spec());
        ProcessHandle guestd = ProcessHandle.of(host.shimOf(sandbox))
                .orElseThrow()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("guestd"))
                .findFirst()
                .orElseThrow();
        guestd.destroyForcibly();
        SandboxEnd end = sandbox.awaitEnd(BOUND).orElseThrow();
        assertThat(end.cause()).isEqualTo(SandboxEnd.Cause.GUEST_EXITED);
        assertThat(end.detail()).contains("signal 9");
    }

    @Test
    void pausedItDoesNothingAndCanBeDestroyed() throws Exception {
        Sandbox sandbox = engine.create(spec());
        sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", "while :; do :; done"));
        sandbox.pause();
        assertThat(sandbox.paused()).isTrue();
        Duration used = sandbox.usage().cpuTime();
        assertThatThrownBy(() -> sandbox.guest().ping(Duration.ofMillis(200))).isInstanceOf(Failure.class);
        assertThat(sandbox.usage().cpuTime()).isEqualTo(used);
        sandbox.resume();
        assertThat(sandbox.guest().ping(BOUND)).isPositive();
        sandbox.pause();
        assertThat(sandbox.destroy().cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
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
    void whatAnotherEngineLeftIsAttachedToAndLosesNoByte() throws Exception {
        Sandbox sandbox = engine.create(spec().named("night"));
        String script = "for i in $(seq 1 20000); do echo line $i; done; exit 7";
        GuestProcess process = sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", script));
        byte[] before = process.stdout().readNBytes(1000);
        process.acknowledge();
        sandbox.detach();
        Files.delete(host.runFolderOf(sandbox).resolve("owner"));

        try (Engine later = host.anotherEngine();
                Sandbox again = later.attach("night")) {
            long number = again.guest().processes().list().getFirst().process();
            GuestProcess same = again.guest().processes().attach(number);
            byte[] rest = same.stdout().readAllBytes();
            ProcessExit exit = same.await(BOUND).orElseThrow();
            assertThat(exit.code()).isEqualTo(7);
            StringBuilder expected = new StringBuilder();
            for (int i = 1; i <= 20_000; i++) {
                expected.append("line ").append(i).append('\n');
            }
            String seen = new String(before, StandardCharsets.UTF_8) + new String(rest, StandardCharsets.UTF_8);
            assertThat(seen).hasSameSizeAs(expected).isEqualTo(expected.toString());
        }
    }

    @Test
    void aLivingControllerIsNotRobbed() {
        Sandbox sandbox = engine.create(spec());
        Path owner = host.runFolderOf(sandbox).resolve("owner");
        try (Engine other = host.anotherEngine()) {
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
    void theReaperTakesTheDeadAndLeavesTheLiving() throws Exception {
        Sandbox living = engine.create(spec());
        Sandbox dead = engine.create(spec());
        dead.detach();
        Files.delete(host.runFolderOf(dead).resolve("owner"));
        long shim = host.shimOf(dead);
        new ProcessBuilder("kill", "-" + SIGKILL, Long.toString(shim)).start().waitFor();
        host.await("the shim is gone", () -> ProcessHandle.of(shim).isEmpty());

        assertThat(engine.reaper().reap(Duration.ZERO))
                .containsExactly(dead.record().folder());
        assertThat(engine.reaper().reap(Duration.ZERO)).isEmpty();
        assertThat(output(living, "/bin/echo", "alive")).isEqualTo("alive\n");
        living.destroy();
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
            for (int i = 0; i < 30; i++) {
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
}
