package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.stream.ExecRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The contract of a host, on this machine; {@link AgentDiskTest} has the disks. */
class LocalAgentTest extends AgentFixture {
    /** Longer than it takes to take a deadline back, on the slowest machine that this runs on. */
    private static final Duration SOON = Duration.ofSeconds(2);

    private State state(Incarnation incarnation) {
        return agent.list().stream()
                .filter(sandbox -> sandbox.incarnation().equals(incarnation))
                .findFirst()
                .orElseThrow()
                .state();
    }

    @Test
    void startingTwiceStartsOne() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        List<Future<HostedSandbox>> answers = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> agent.start(AgentHost.onDisk(incarnation))));
            }
        }
        for (var answer : answers) {
            assertThat(answer.get().state()).isEqualTo(State.RUNNING);
            assertThat(answer.get().isolation()).isEqualTo(Isolation.CONTAINER);
        }
        assertThat(agent.list()).hasSize(1);
        assertThat(agent.guest(incarnation)).isSameAs(agent.guest(incarnation));
        assertThat(agent.guest(incarnation).ping(AgentHost.BOUND)).isPositive();
    }

    @Test
    void whatHasEndedIsNotStartedAgainAndItsEndIsKept() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        BlockingQueue<SandboxEnd> ends = new LinkedBlockingQueue<>();
        agent.listen(listener(ends, new LinkedBlockingQueue<>()));
        agent.start(AgentHost.inMemory(incarnation));
        agent.guest(incarnation).shutdown(Duration.ofMillis(100));
        assertThat(ends.poll(20, TimeUnit.SECONDS).cause()).isEqualTo(SandboxEnd.Cause.GUEST_EXITED);
        goneIs(() -> agent.start(AgentHost.inMemory(incarnation)));
        for (ThrowingCallable command : List.<ThrowingCallable>of(
                () -> agent.freeze(incarnation),
                () -> agent.thaw(incarnation),
                () -> agent.guest(incarnation),
                () -> agent.usage(incarnation),
                () -> agent.deadline(incarnation, Optional.empty()))) {
            goneIs(command);
        }
        agent.close();
        agent = AgentHost.open();
        HostedSandbox ended = agent.list().getFirst();
        assertThat(ended.state()).isEqualTo(State.ENDED);
        assertThat(ended.end().orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.GUEST_EXITED);
        goneIs(() -> agent.start(AgentHost.inMemory(incarnation)));
        agent.destroy(incarnation, NO_GRACE);
        agent.destroy(incarnation, NO_GRACE);
        assertThat(agent.list()).isEmpty();
        goneIs(() -> agent.start(AgentHost.inMemory(incarnation)));
        goneIs(() -> agent.freeze(incarnation));
    }

    private static HostListener listener(BlockingQueue<SandboxEnd> ends, BlockingQueue<Incarnation> frozen) {
        return new HostListener() {
            @Override
            public void ended(Incarnation incarnation, SandboxEnd end) {
                ends.add(end);
            }

            @Override
            public void frozen(Incarnation incarnation) {
                frozen.add(incarnation);
            }
        };
    }

    @Test
    void destroyedAtAnyMomentOfItsStartNothingIsLeft() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                Incarnation incarnation = AgentHost.fresh();
                Future<HostedSandbox> start = threads.submit(() -> agent.start(AgentHost.onDisk(incarnation)));
                // Any moment will do: this is where the harm falls, not something that is waited for.
                TimeUnit.MILLISECONDS.sleep(3L * i);
                agent.destroy(incarnation, NO_GRACE);
                try {
                    start.get(20, TimeUnit.SECONDS);
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e).cause().isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.code())
                            .as(failure.getMessage())
                            .isEqualTo(ErrorCode.SANDBOX_GONE));
                }
                assertThat(agent.list()).isEmpty();
                agent.discardDisk(incarnation.id());
                AgentHost.assertNothingLeft();
            }
        }
    }

    @Test
    void freezingAndThawingTwiceIsSuccess() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        agent.start(AgentHost.inMemory(incarnation));
        agent.freeze(incarnation);
        agent.freeze(incarnation);
        assertThat(state(incarnation)).isEqualTo(State.FROZEN);
        assertThat(agent.start(AgentHost.inMemory(incarnation)).state()).isEqualTo(State.FROZEN);
        agent.thaw(incarnation);
        agent.thaw(incarnation);
        assertThat(state(incarnation)).isEqualTo(State.RUNNING);
        assertThat(agent.guest(incarnation).ping(AgentHost.BOUND)).isPositive();
        agent.freeze(incarnation);
        agent.destroy(incarnation, Duration.ofSeconds(1));
    }

    @Test
    void atItsDeadlineItIsKilled() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        BlockingQueue<SandboxEnd> ends = new LinkedBlockingQueue<>();
        agent.listen(listener(ends, new LinkedBlockingQueue<>()));
        agent.start(AgentHost.inMemory(incarnation));
        agent.deadline(incarnation, Optional.of(new Deadline(in(Duration.ofSeconds(1)), AtDeadline.KILL)));
        assertThat(ends.poll(20, TimeUnit.SECONDS).cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
        assertThat(state(incarnation)).isEqualTo(State.ENDED);
    }

    @Test
    void atItsDeadlineItIsFrozenAndADeadlineThatIsTakenBackDoesNothing() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        BlockingQueue<Incarnation> frozen = new LinkedBlockingQueue<>();
        agent.listen(listener(new LinkedBlockingQueue<>(), frozen));
        StartSandbox plain = AgentHost.inMemory(incarnation);
        agent.start(new StartSandbox(
                incarnation,
                plain.template(),
                plain.floor(),
                plain.limits(),
                plain.privilege(),
                // Later than the slowest start that this runs on.
                Optional.of(new Deadline(in(Duration.ofSeconds(2)), AtDeadline.FREEZE)),
                false));
        assertThat(frozen.poll(20, TimeUnit.SECONDS)).isEqualTo(incarnation);
        AgentHost.await("it is frozen", () -> state(incarnation) == State.FROZEN);
        agent.thaw(incarnation);
        agent.deadline(incarnation, Optional.of(new Deadline(in(SOON), AtDeadline.KILL)));
        agent.deadline(incarnation, Optional.empty());
        assertThat(AgentHost.shell(agent.guest(incarnation), "sleep 2.3; echo alive"))
                .isEqualTo("alive");
    }

    @Test
    void aDeadlineIsTakenBackWhileFrozenAndWithAFullPipe() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        agent.start(AgentHost.inMemory(incarnation));
        agent.freeze(incarnation);
        var guest = agent.guest(incarnation);
        // What is sent now stays in the pipe and in the shim, until neither takes any more.
        byte[] much = new byte[4 << 20];
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                guest.files().write("/tmp/much", much, 0600);
            } catch (Exception e) {
                // Its sandbox is destroyed at the end.
            }
        });
        agent.deadline(incarnation, Optional.of(new Deadline(in(SOON), AtDeadline.KILL)));
        agent.deadline(incarnation, Optional.empty());
        AgentHost.await("the deadline has passed", new After(SOON.plusMillis(300))::passed);
        assertThat(state(incarnation)).isEqualTo(State.FROZEN);
        agent.destroy(incarnation, NO_GRACE);
        assertThat(writer.join(AgentHost.BOUND))
                .as("the writer heard of the end")
                .isTrue();
    }

    private record After(long nanos) {
        After(Duration time) {
            this(System.nanoTime() + time.toNanos());
        }

        boolean passed() {
            return System.nanoTime() > nanos;
        }
    }

    @Test
    void sudoWorksForUserAndNothingElseIsSetuid() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        agent.start(AgentHost.onDisk(incarnation));
        var guest = agent.guest(incarnation);
        ExecRequest sudo = ExecRequest.of("sudo", "id", "-u").as("user").unconfined();
        assertThat(AgentHost.run(guest, sudo)).isEqualTo("0");
        assertThat(AgentHost.run(guest, ExecRequest.of("sudo", "-n", "id", "-u").as("user")))
                .as("a confined process gains nothing")
                .contains("no new privileges");
        assertThat(AgentHost.shell(guest, "find / -xdev -perm /6000 -type f 2>/dev/null"))
                .isEqualTo("/usr/bin/sudo");
        String caps = AgentHost.run(
                guest,
                ExecRequest.of("sudo", "grep", "CapBnd", "/proc/self/status")
                        .as("user")
                        .unconfined());
        // Docker's, less NET_RAW (13) and MKNOD (27).
        assertThat(caps).isEqualTo("CapBnd:\t00000000a00405fb");
        assertThat(AgentHost.run(
                        guest,
                        ExecRequest.of("sudo", "mknod", "/tmp/null", "c", "1", "3")
                                .as("user")
                                .unconfined()))
                .contains("not permitted");
        assertThat(AgentHost.run(
                        guest,
                        ExecRequest.of("sudo", "mount", "-t", "tmpfs", "x", "/mnt")
                                .as("user")
                                .unconfined()))
                .isNotEmpty();
    }

    @Test
    void aLifeWithoutPrivilegeHasNoSetuidProgram() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        agent.start(AgentHost.inMemory(incarnation));
        assertThat(AgentHost.shell(agent.guest(incarnation), "find / -xdev -perm /6000 -type f 2>/dev/null"))
                .isEmpty();
        assertThat(agent.usage(incarnation).diskBytes()).isZero();
    }

    @Test
    void theHostKnowsItsTemplatesAndKeepsThoseThatAreUsed() throws Exception {
        HostTemplate base = agent.templates().stream()
                .filter(template -> template.name().equals(Optional.of("base")))
                .findFirst()
                .orElseThrow();
        assertThat(base.current()).isTrue();
        assertThat(base.privileged()).isTrue();
        assertThat(base.user()).isEqualTo("user");
        assertThat(base.environment()).contains("LANG=C.UTF-8");
        Incarnation incarnation = AgentHost.fresh();
        HostedSandbox made = agent.start(AgentHost.onDisk(incarnation));
        assertThat(made.template()).isEqualTo(base.digest());
        failsWith(ErrorCode.CONFLICT, () -> agent.removeTemplate(base.digest()));
        failsWith(ErrorCode.INVALID_REQUEST, () -> agent.removeTemplate("base"));
        failsWith(ErrorCode.NOT_FOUND, () -> agent.removeTemplate("nonesuch"));
        failsWith(
                ErrorCode.NOT_FOUND,
                () -> agent.start(new StartSandbox(
                        AgentHost.fresh(),
                        "nonesuch",
                        Isolation.CONTAINER,
                        Limits.DEFAULT,
                        Privilege.NONE,
                        Optional.empty(),
                        true)));
    }

    @Test
    void theFactsAreThoseOfThisMachine() {
        assertThat(agent.facts().levels()).contains(Isolation.CONTAINER);
        assertThat(agent.facts().bootId()).matches("[0-9a-f-]{36}");
        assertThat(agent.facts().memoryBytes()).isGreaterThan(1L << 30);
        assertThat(agent.facts().cpuMillis()).isGreaterThanOrEqualTo(1000);
        assertThat(agent.facts().diskBytes()).isGreaterThan(1L << 30);
    }
}
