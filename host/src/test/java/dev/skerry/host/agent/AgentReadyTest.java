package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.SandboxNeeds;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sandboxes that wait for a server's clients; nothing is left of any. */
class AgentReadyTest extends AgentFixture {
    private static final long MIB = 1 << 20;

    /** The first start makes the template, which takes seconds. */
    @BeforeEach
    void templates() {
        agent.templates();
    }

    /** Of a sandbox as {@link AgentHost#onDisk} asks for one, with more memory than that may have. */
    static PoolPlan plan(int floor) {
        return plan(floor, Isolation.CONTAINER);
    }

    private static PoolPlan plan(int floor, Isolation level) {
        StartSandbox usual = AgentHost.onDisk(AgentHost.fresh());
        return new PoolPlan(
                "base",
                level,
                Optional.empty(),
                256 * MIB,
                floor,
                8,
                0.5,
                1024 * MIB,
                Miss.COLD,
                Duration.ofSeconds(1),
                Optional.of(new PoolPlan.Shape(
                        usual.privilege(),
                        usual.limits().diskBytes(),
                        usual.limits().diskInodes())),
                Optional.empty());
    }

    static SandboxNeeds needs(StartSandbox command) {
        return new SandboxNeeds(command.template(), command.floor(), command.limits(), command.privilege());
    }

    static SandboxNeeds needs() {
        return needs(AgentHost.onDisk(AgentHost.fresh()));
    }

    static void fill(LocalAgent agent, int members) {
        agent.jobs().plan(List.of(plan(members)));
        AgentHost.await("the pool is full", () -> ready(agent) >= members);
    }

    static int ready(LocalAgent agent) {
        PoolState state = agent.jobs().pools().getFirst();
        return state.starting() == 0 ? state.ready() : 0;
    }

    private SandboxId reserve() throws InterruptedException {
        return agent.reserve(needs()).orElseThrow();
    }

    private static Incarnation first(SandboxId id) {
        return new Incarnation(id, 1);
    }

    private String run(Incarnation incarnation, String script) throws Exception {
        return AgentHost.shell(agent.guest(incarnation), script);
    }

    /** What the kernel lets a sandbox have, whatever the layout of its groups. */
    static long memoryLimit(Incarnation incarnation) {
        String group = "skerry-" + AgentHost.instanceFolder().getFileName() + "/" + incarnation;
        Path v1 = Path.of("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        Path v2 = Path.of("/sys/fs/cgroup", group, "memory.max");
        try {
            return Long.parseLong(Files.readString(Files.exists(v1) ? v1 : v2).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final String LOOK =
            "ls /root/secret /tmp/secret /dev/shm/secret /var/tmp/secret 2>/dev/null; pgrep -l sleep; echo looked";
    private static final String LEAVE = "for d in /root /tmp /dev/shm /var/tmp; do echo secret > $d/secret; done;"
            + " nohup sleep 1000 >/dev/null 2>&1 & until pgrep sleep >/dev/null; do :; done; " + LOOK;

    @Test
    void eachClientGetsOneThatIsReadyAndThatNobodyUsed() throws Exception {
        fill(agent, 3);
        Set<SandboxId> given = new HashSet<>();
        for (String script : List.of(LEAVE, LOOK, LEAVE, LOOK)) {
            SandboxId id = reserve();
            assertThat(given.add(id)).isTrue();
            HostedSandbox started = agent.start(AgentHost.onDisk(first(id)));
            assertThat(started.warm()).isTrue();
            assertThat(started.state()).isEqualTo(State.RUNNING);
            assertThat(started.isolation()).isEqualTo(Isolation.CONTAINER);
            String seen = run(first(id), script);
            if (script.equals(LEAVE)) {
                assertThat(seen)
                        .matches("(?s)/dev/shm/secret\n/root/secret\n/tmp/secret\n/var/tmp/secret\n\\d+ sleep\nlooked");
            } else {
                assertThat(seen).isEqualTo("looked");
            }
            AgentHost.await("the pool is full", () -> ready(agent) >= 3);
        }
        assertThat(agent.list()).extracting(one -> one.incarnation().id()).containsExactlyInAnyOrderElementsOf(given);
        assertThat(agent.disks()).containsExactlyInAnyOrderElementsOf(given);
        assertThat(agent.jobs().pools().getFirst().hits()).isEqualTo(4);
    }

    @Test
    void itIsALifeLikeAnyOther() throws Exception {
        fill(agent, 1);
        Incarnation incarnation = first(reserve());
        Deadline deadline = new Deadline(in(Duration.ofHours(1)), AtDeadline.FREEZE);
        StartSandbox usual = AgentHost.onDisk(incarnation);
        StartSandbox command = new StartSandbox(
                incarnation,
                usual.template(),
                usual.floor(),
                usual.limits(),
                usual.privilege(),
                Optional.of(deadline),
                true);
        HostedSandbox started = agent.start(command);
        assertThat(memoryLimit(incarnation)).isEqualTo(usual.limits().memoryBytes());
        assertThat(run(incarnation, "echo kept > /root/file; df -m / | tail -1 | tr -s ' ' | cut -d' ' -f2"))
                .isBetween("60", "70");
        assertThat(agent.start(command)).isEqualTo(started);
        assertThat(agent.usage(incarnation).diskBytes()).isPositive();
        failsWith(ErrorCode.CONFLICT, () -> agent.discardDisk(incarnation.id()));

        agent.close();
        open();
        assertThat(agent.list()).containsExactly(started);
        assertThat(agent.start(command)).isEqualTo(started);
        agent.deadline(incarnation, Optional.of(new Deadline(in(Duration.ofMillis(100)), AtDeadline.FREEZE)));
        AgentHost.await("it is frozen", () -> agent.list().getFirst().state() == State.FROZEN);
        agent.thaw(incarnation);
        agent.destroy(incarnation, Duration.ofSeconds(5));

        Incarnation next = AgentHost.next(incarnation);
        assertThat(agent.start(AgentHost.onDisk(next)).warm()).isFalse();
        assertThat(run(next, "cat /root/file")).isEqualTo("kept");
    }

    @Test
    void itsEndIsReportedAndRecorded() throws Exception {
        fill(agent, 1);
        Incarnation incarnation = first(reserve());
        StartSandbox usual = AgentHost.onDisk(incarnation);
        agent.start(new StartSandbox(
                incarnation,
                usual.template(),
                usual.floor(),
                usual.limits(),
                usual.privilege(),
                Optional.of(new Deadline(in(Duration.ofSeconds(2)), AtDeadline.KILL)),
                true));
        AgentHost.await("it has ended", () -> agent.list().getFirst().end().isPresent());
        assertThat(agent.list().getFirst().end().orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
        goneIs(() -> agent.guest(incarnation));
        agent.close();
        open();
        assertThat(agent.list().getFirst().end().orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
    }

    @Test
    void oneThatEndsBetweenIsMadeAnewUnderItsIdAndNotCalledWarm() throws Exception {
        fill(agent, 1);
        SandboxId id = reserve();
        AgentHost.killShim(first(id).toString());
        HostedSandbox started = agent.start(AgentHost.onDisk(first(id)));
        assertThat(started.warm()).isFalse();
        assertThat(run(first(id), "echo here")).isEqualTo("here");
    }

    @Test
    void whatIsReservedIsNobodyElsesUntilItIsGivenBack() throws Exception {
        fill(agent, 1);
        agent.jobs().plan(List.of(plan(0)));
        SandboxId id = reserve();
        assertThat(agent.list()).isEmpty();
        assertThat(agent.disks()).isEmpty();
        agent.giveBack(id);
        agent.giveBack(id);
        assertThat(reserve()).isEqualTo(id);
        agent.destroy(first(id), NO_GRACE);
        goneIs(() -> agent.start(AgentHost.onDisk(first(id))));
        AgentHost.await(
                "it is gone", () -> AgentHost.runFolders().stream().noneMatch(name -> name.startsWith(id.text())));
    }

    @Test
    void whoNeedsAnotherIsGivenNone() throws Exception {
        fill(agent, 1);
        StartSandbox usual = AgentHost.onDisk(AgentHost.fresh());
        StartSandbox unlike = AgentHost.inMemory(AgentHost.fresh());
        assertThat(agent.reserve(needs(unlike))).isEmpty();
        assertThat(agent.reserve(new SandboxNeeds("none", usual.floor(), usual.limits(), usual.privilege())))
                .isEmpty();
        assertThat(agent.reserve(new SandboxNeeds(
                        "base", usual.floor(), usual.limits().withDisk(32 * MIB, 1000), usual.privilege())))
                .isEmpty();
    }

    @Test
    void itWaitsInAUserSpaceKernelToo() throws Exception {
        agent.jobs().plan(List.of(plan(1, Isolation.GVISOR)));
        AgentHost.await("one is ready", () -> ready(agent) > 0);
        assertThat(agent.reserve(needs())).isEmpty();
        StartSandbox usual = AgentHost.onDisk(AgentHost.fresh());
        Incarnation incarnation =
                first(agent.reserve(new SandboxNeeds("base", Isolation.GVISOR, usual.limits(), usual.privilege()))
                        .orElseThrow());
        HostedSandbox started = agent.start(new StartSandbox(
                incarnation, "base", Isolation.GVISOR, usual.limits(), usual.privilege(), Optional.empty(), true));
        assertThat(started.warm()).isTrue();
        assertThat(started.isolation()).isEqualTo(Isolation.GVISOR);
        assertThat(run(incarnation, "dmesg | head -1")).contains("gVisor");
    }

    @Test
    void whatWaitedInAServerThatWasKilledIsRemovedAndWhatWasClaimedIsThere() throws Exception {
        agent.close();
        Process server = AgentProcess.start("ready", "3");
        SandboxId claimed;
        SandboxId reserved;
        try (var lines = server.inputReader()) {
            claimed = new SandboxId(lines.readLine());
            reserved = new SandboxId(lines.readLine());
            assertThat(AgentHost.runFolders()).hasSizeGreaterThanOrEqualTo(3);
        } finally {
            server.destroyForcibly().waitFor();
        }
        open();
        assertThat(AgentHost.runFolders()).containsExactly(first(claimed).toString());
        // That of one that was only being made is there, too: a server removes disks that no sandbox of its has.
        assertThat(agent.disks()).contains(claimed).doesNotContain(reserved);
        assertThat(agent.list()).extracting(HostedSandbox::warm).containsExactly(true);
        assertThat(memoryLimit(first(claimed)))
                .isEqualTo(AgentHost.onDisk(first(claimed)).limits().memoryBytes());
        assertThat(run(first(claimed), "cat /root/file")).isEqualTo("kept");
        assertThat(agent.start(AgentHost.onDisk(first(reserved))).warm()).isFalse();
    }

    /** Every start that was answered is there, with its limits; of every other there is all or nothing. */
    @Test
    void theServerMayBeKilledInTheMiddleOfAClaim() throws Exception {
        agent.close();
        for (int i = 0; i < Integer.getInteger("skerry.test.crashes", 2); i++) {
            Process server = AgentProcess.start("claims");
            Set<SandboxId> answered = new HashSet<>();
            try (var lines = server.inputReader()) {
                for (int n = 0; n < 3 + 2 * i; n++) {
                    answered.add(new SandboxId(lines.readLine()));
                }
                server.toHandle().destroyForcibly();
                server.waitFor();
                lines.lines()
                        .filter(line -> line.length() == SandboxId.LENGTH)
                        .forEach(line -> answered.add(new SandboxId(line)));
            }
            open();
            Set<SandboxId> there = new HashSet<>();
            for (HostedSandbox sandbox : agent.list()) {
                Incarnation incarnation = sandbox.incarnation();
                there.add(incarnation.id());
                assertThat(sandbox.state()).isEqualTo(State.RUNNING);
                assertThat(memoryLimit(incarnation))
                        .isEqualTo(AgentHost.onDisk(incarnation).limits().memoryBytes());
                assertThat(agent.guest(incarnation).ping(AgentHost.BOUND)).isPositive();
            }
            assertThat(there).containsAll(answered);
            assertThat(AgentHost.runFolders()).hasSameSizeAs(there);
            assertThat(agent.disks()).containsAll(there);
            nothingIsLeft();
        }
        open();
    }
}
