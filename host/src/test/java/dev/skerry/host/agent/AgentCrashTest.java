package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever the server's process dies of: its sandboxes go on, and the next one has them. */
class AgentCrashTest {
    /** Fewer on a machine where each costs half a minute. */
    private static final int CRASHES = Integer.getInteger("skerry.test.crashes", 6);

    @RegisterExtension
    private final LeftBehind leftBehind = AgentHost.LEFT_BEHIND;

    private final Random random = new Random(20261127);

    @BeforeEach
    void own() throws Exception {
        AgentHost.own();
        try (LocalAgent agent = AgentHost.open()) {
            // The first start makes the template.
            Incarnation incarnation = AgentHost.fresh();
            agent.start(AgentHost.inMemory(incarnation));
            agent.destroy(incarnation, Duration.ZERO);
        }
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        try (LocalAgent agent = AgentHost.open()) {
            agent.list().forEach(sandbox -> agent.destroy(sandbox.incarnation(), Duration.ZERO));
            agent.disks().forEach(agent::discardDisk);
        }
        AgentHost.assertNothingLeft();
    }

    private static void awaitStarted(Process process) throws Exception {
        assertThat(process.inputReader().readLine()).isEqualTo("started");
    }

    @Test
    void whatRanOrWasFrozenIsThereAgainWithItsProcessesAndOutput() throws Exception {
        Incarnation running = AgentHost.fresh();
        Incarnation frozen = AgentHost.fresh();
        long process;
        LocalAgent first = AgentHost.open();
        first.start(AgentHost.onDisk(running));
        first.start(AgentHost.inMemory(frozen));
        GuestProcess counting = first.guest(running)
                .exec(ExecRequest.of("/bin/sh", "-c", "echo one; read x; echo two")
                        .withInput());
        process = counting.process();
        assertThat(counting.stdout().readNBytes(4))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("one\n");
        counting.acknowledge();
        first.freeze(frozen);
        first.close();

        try (LocalAgent second = AgentHost.open()) {
            assertThat(second.list())
                    .extracting(HostedSandbox::incarnation, HostedSandbox::state)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(running, State.RUNNING),
                            org.assertj.core.groups.Tuple.tuple(frozen, State.FROZEN));
            GuestProcess again = second.guest(running).processes().attach(process);
            again.stdin().write("go\n".getBytes(StandardCharsets.UTF_8));
            again.stdin().flush();
            assertThat(again.stdout().readAllBytes())
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("two\n");
            assertThat(second.usage(running).diskBytes()).isPositive();
            assertThatThrownBy(() -> second.discardDisk(running.id())).isInstanceOf(Failure.class);
            second.thaw(frozen);
            assertThat(second.guest(frozen).ping(AgentHost.BOUND)).isPositive();
        }
    }

    @Test
    void theAgentMayBeKilledAtAnyMoment() throws Exception {
        for (int i = 0; i < CRASHES; i++) {
            Process process = AgentProcess.start("churn");
            try {
                awaitStarted(process);
                TimeUnit.MILLISECONDS.sleep(random.nextLong(400));
            } finally {
                process.destroyForcibly().waitFor();
            }
            try (LocalAgent agent = AgentHost.open()) {
                for (HostedSandbox sandbox : agent.list()) {
                    Incarnation incarnation = sandbox.incarnation();
                    if (sandbox.state() == State.RUNNING) {
                        assertThat(agent.guest(incarnation).ping(AgentHost.BOUND))
                                .isPositive();
                    }
                    agent.destroy(incarnation, Duration.ZERO);
                    agent.start(AgentHost.onDisk(AgentHost.next(incarnation)));
                    agent.destroy(AgentHost.next(incarnation), Duration.ZERO);
                }
                agent.disks().forEach(agent::discardDisk);
                assertThat(agent.list()).isEmpty();
            }
            AgentHost.assertNothingLeft();
        }
    }

    @Test
    void oneAgentHasADataFolderAndAStoppedOneIsEnded() throws Exception {
        Process process = AgentProcess.start("hold", "3");
        try {
            awaitStarted(process);
            assertThatThrownBy(AgentHost::open).isInstanceOfSatisfying(Failure.class, failure -> {
                assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
                assertThat(failure).hasMessageContaining("process " + process.pid());
            });
            new ProcessBuilder("kill", "-STOP", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            try (LocalAgent agent = AgentHost.open()) {
                assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
                assertThat(agent.list()).hasSize(3).allMatch(sandbox -> sandbox.state() == State.RUNNING);
                assertThatThrownBy(AgentHost::open).isInstanceOf(Failure.class);
                for (HostedSandbox sandbox : agent.list()) {
                    assertThat(agent.guest(sandbox.incarnation()).ping(AgentHost.BOUND))
                            .isPositive();
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void oneWhoseShimDoesNotAnswerHoldsNobodyUpAndIsDestroyed() throws Exception {
        Incarnation stopped = AgentHost.fresh();
        Incarnation unreachable = AgentHost.fresh();
        Incarnation well = AgentHost.fresh();
        try (LocalAgent agent = AgentHost.open()) {
            for (Incarnation each : List.of(stopped, unreachable, well)) {
                agent.start(AgentHost.onDisk(each));
            }
        }
        Path folder = AgentHost.instanceFolder();
        String shim = Files.readString(folder.resolve(stopped + "/shim")).split(" ", 2)[0];
        new ProcessBuilder("kill", "-STOP", shim).start().waitFor();
        Files.delete(folder.resolve(unreachable + "/sock"));

        long begin = System.nanoTime();
        try (LocalAgent agent = AgentHost.open()) {
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
            assertThat(agent.list()).hasSize(3);
            assertThat(agent.guest(well).ping(AgentHost.BOUND)).isPositive();
            for (Incarnation each : List.of(stopped, unreachable, well)) {
                agent.destroy(each, Duration.ZERO);
            }
            assertThat(agent.list()).isEmpty();
        }
    }

    @Test
    void theDeadlineFreezesWithNobodyAttached() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        try (LocalAgent agent = AgentHost.open()) {
            agent.start(AgentHost.inMemory(incarnation));
            agent.deadline(
                    incarnation,
                    Optional.of(new Deadline(InstantSource.system().instant().plusMillis(300), AtDeadline.FREEZE)));
        }
        try (Engine engine = Engine.open(AgentHost.settings())) {
            String id = incarnation.id().text();
            assertThat(engine.hosted()).hasSize(1);
            long until = System.nanoTime() + Duration.ofMillis(600).toNanos();
            AgentHost.await("the deadline has passed", () -> System.nanoTime() > until);
            assertThat(engine.list()).anyMatch(view -> view.id().text().equals(id));
        }
        try (LocalAgent agent = AgentHost.open()) {
            assertThat(agent.list()).extracting(HostedSandbox::state).containsExactly(State.FROZEN);
            agent.thaw(incarnation);
            assertThat(agent.guest(incarnation).ping(AgentHost.BOUND)).isPositive();
        }
    }

    @Test
    void whatEndedMeanwhileHasAnEndAndTheReaperLeavesItAndTheDisksAlone() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        Incarnation killed = AgentHost.fresh();
        try (LocalAgent agent = AgentHost.open()) {
            agent.start(AgentHost.onDisk(incarnation));
            agent.start(AgentHost.onDisk(killed));
            agent.deadline(
                    incarnation,
                    Optional.of(new Deadline(InstantSource.system().instant().plusSeconds(1), AtDeadline.KILL)));
        }
        var folder = AgentHost.instanceFolder().resolve(incarnation.toString());
        // A slow agent may have heard of it while it let go, and have written the end down.
        AgentHost.await(
                "it is over", () -> Files.exists(folder.resolve("exit")) || Files.exists(folder.resolve("end")));
        try (Engine engine = Engine.open(AgentHost.settings())) {
            engine.kill(killed.id().text());
            // Its shim writes that down and goes then; while it lives the reaper leaves it alone.
            AgentHost.await("its end is found", () -> {
                engine.reaper().reap(Duration.ZERO);
                return engine.end(incarnation).isPresent();
            });
            assertThat(engine.reaper().leftovers(Duration.ZERO)).isEmpty();
            assertThat(engine.end(incarnation).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
            assertThat(engine.end(killed).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
        }
        try (LocalAgent agent = AgentHost.open()) {
            assertThat(agent.list()).extracting(HostedSandbox::state).containsExactly(State.ENDED, State.ENDED);
            assertThat(agent.disks()).containsExactlyInAnyOrder(incarnation.id(), killed.id());
            Incarnation next = AgentHost.next(incarnation);
            agent.start(AgentHost.onDisk(next));
            assertThat(agent.guest(next).ping(AgentHost.BOUND)).isPositive();
        }
    }

    @Test
    void manyAreFoundAgainAtOnce() throws Exception {
        int count = 40;
        List<Incarnation> all = new ArrayList<>();
        try (LocalAgent agent = AgentHost.open()) {
            for (int i = 0; i < count; i++) {
                Incarnation incarnation = AgentHost.fresh();
                agent.start(AgentHost.inMemory(incarnation));
                all.add(incarnation);
            }
        }
        long begin = System.nanoTime();
        try (LocalAgent agent = AgentHost.open()) {
            System.out.println(count + " found again in " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            assertThat(agent.list()).hasSize(count).allMatch(sandbox -> sandbox.state() == State.RUNNING);
            for (Incarnation incarnation : all) {
                assertThat(agent.guest(incarnation).ping(AgentHost.BOUND)).isPositive();
            }
        }
    }
}
