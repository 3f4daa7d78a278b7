package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.agent.AgentHost;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandboxes;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.LayoutOnDisk;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Members that are sandboxes of this machine. */
class JobMakerTest {
    private static final PoolPlan PLAN = TestPlans.plan(1, 1, Miss.COLD);

    private final UsualDisk disks = new UsualDisk();
    private final AtomicLong now = new AtomicLong();
    private final List<Member> made = new ArrayList<>();
    private Engine engine;
    private JobMaker maker;

    @RegisterExtension
    private final LeftBehind leftBehind = AgentHost.LEFT_BEHIND;

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws Exception {
        AgentHost.own();
        engine = Engine.open(AgentHost.settings());
        maker = maker(Prestarter.interpreters());
    }

    private JobMaker maker(Prestarter prestarter) {
        return new JobMaker(engine, new JobSandboxes(engine), prestarter, disks, digests());
    }

    private TemplateDigests digests() {
        return new TemplateDigests(engine, now::get);
    }

    @AfterEach
    void nothingIsLeft() {
        made.forEach(maker::close);
        engine.close();
        AgentHost.assertNothingLeft();
    }

    private Member make() throws InterruptedException {
        Member member = maker.make(PLAN);
        made.add(member);
        return member;
    }

    private static Want want(Member member) {
        return new Want("base", member.digest(), Isolation.CONTAINER);
    }

    private static String shell(Sandbox sandbox, String script) throws Exception {
        GuestProcess process = sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", script));
        String text = new String(process.stdout().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.await(AgentHost.BOUND)).isPresent();
        return text.strip();
    }

    @Test
    void aMemberWaitsWithLimitsOfItsSizeAndWithoutAName() throws Exception {
        Member member = make();
        assertThat(maker.alive(member, () -> {})).isTrue();
        assertThat(maker.current(member)).isTrue();
        assertThat(maker.fits(member, want(member))).isTrue();
        assertThat(maker.bytes(member)).isBetween(64L << 10, 32L << 20);
        assertThat(member.limits().memoryBytes()).isEqualTo(PLAN.sandboxBytes());
        assertThat(member.sandbox().sandbox().record().name()).isEmpty();
        assertThat(member.sandbox().sandbox().record().fleeting()).isTrue();
    }

    @Test
    void oneThatIsFrozenKilledOrTakenOverIsNotAlive() throws Exception {
        Member frozen = make();
        frozen.sandbox().sandbox().pause();
        assertThat(maker.alive(frozen, () -> {})).isFalse();

        Member killed = make();
        ProcessHandle.of(killed.sandbox().sandbox().guestPid()).orElseThrow().destroyForcibly();
        assertThat(killed.sandbox().sandbox().awaitEnd(AgentHost.BOUND)).isPresent();
        assertThat(maker.alive(killed, () -> {})).isFalse();

        Member taken = make();
        try (Engine other = Engine.open(AgentHost.settings());
                Sandbox thief = other.attach(taken.sandbox().sandbox().id().text())) {
            assertThat(thief.guest().ping(AgentHost.BOUND)).isPositive();
            AgentHost.await("it is noticed", () -> !alive(taken));
            made.remove(taken);
        }
    }

    private boolean alive(Member member) {
        try {
            return maker.alive(member, () -> {});
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void oneWhoseProcessOneStandsStillIsNotAlive() throws Exception {
        Member member = make();
        long guest = member.sandbox().sandbox().guestPid();
        signal("STOP", guest);
        assertThat(maker.alive(member, () -> {})).isFalse();
        signal("CONT", guest);
        assertThat(maker.alive(member, () -> {})).isTrue();
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void anotherTemplateOfThatNameMakesOldMembersUseless() throws Exception {
        var store = engine.templates();
        Path first = LayoutOnDisk.of(folder.resolve("first"), "edition", "1");
        Path second = LayoutOnDisk.of(folder.resolve("second"), "edition", "2");
        PoolPlan plan = TestPlans.plan("pool-test", 1, 1, Miss.COLD, Duration.ZERO);
        var one = store.importOci(first, Optional.of("pool-test"), ImportLimits.DEFAULT);
        try {
            Member member = maker.make(plan);
            made.add(member);
            assertThat(maker.current(member)).isTrue();
            var other = store.importOci(second, Optional.of("pool-test"), ImportLimits.DEFAULT);
            assertThat(digests().now("pool-test")).isEqualTo(other.digest());
            now.addAndGet(Duration.ofSeconds(1).toNanos());
            assertThat(maker.current(member)).isFalse();
            assertThat(maker.fits(member, new Want("pool-test", other.digest(), Isolation.CONTAINER)))
                    .isFalse();
            assertThat(maker.fits(member, new Want("pool-test", one.digest(), Isolation.CONTAINER)))
                    .isTrue();
            maker.close(made.removeLast());
            store.remove("pool-test");
            now.addAndGet(Duration.ofSeconds(1).toNanos());
            assertThat(maker.current(member))
                    .as("there is no such template any more")
                    .isFalse();
        } finally {
            made.forEach(maker::close);
            made.clear();
            store.list().stream()
                    .filter(template -> template.name().equals("pool-test")
                            || template.digest().equals(one.digest()))
                    .forEach(template -> store.remove(template.digest()));
        }
    }

    @Test
    void whatIsBoundHasTheLimitsOfItsJob() throws Exception {
        Sandbox sandbox = make().sandbox().sandbox();
        sandbox.bind(Limits.DEFAULT.withMemoryBytes(48L << 20).withProcesses(16), deadline(Duration.ofMinutes(5)));
        assertThat(shell(sandbox, "dd if=/dev/zero of=/tmp/big bs=1M count=100 2>/dev/null; echo $?"))
                .isNotEqualTo("0");
        assertThat(shell(sandbox, "for i in $(seq 40); do sleep 5 & done 2>/dev/null; jobs | wc -l"))
                .satisfies(count -> assertThat(count.isEmpty() ? 0 : Integer.parseInt(count))
                        .isLessThan(16));
    }

    private long deadline(Duration in) {
        return engine.bootMillis(InstantSource.system().instant().plus(in));
    }

    @Test
    void itsTimesCountFromThen() throws Exception {
        Sandbox timed = make().sandbox().sandbox();
        timed.bind(Limits.DEFAULT, deadline(Duration.ofMillis(300)));
        assertThat(timed.awaitEnd(AgentHost.BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);

        Sandbox busy = make().sandbox().sandbox();
        shell(busy, "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
        Duration before = busy.usage().cpuTime();
        busy.bind(Limits.DEFAULT.withCpuTime(Duration.ofMillis(200)), deadline(Duration.ofMinutes(5)));
        busy.guest().exec(ExecRequest.of("/bin/sh", "-c", "while :; do :; done"));
        assertThat(busy.awaitEnd(AgentHost.BOUND).orElseThrow().cause()).isEqualTo(SandboxEnd.Cause.CPU_TIME);
        assertThat(before).isGreaterThan(Duration.ofMillis(50));
        assertThat(busy.usage().cpuTime().minus(before)).isBetween(Duration.ofMillis(190), Duration.ofMillis(600));
    }

    @Test
    void aLevelThatThisHostHasNotIsNotReplacedInSilence() {
        PoolPlan plan = new PoolPlan(
                "base",
                Isolation.MICROVM,
                Optional.empty(),
                PLAN.sandboxBytes(),
                1,
                1,
                0.9,
                PLAN.idleBytes(),
                Miss.COLD,
                Duration.ZERO);
        assertThatThrownBy(() -> maker.make(plan))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    }

    @Test
    void oneWhoseInterpreterDoesNotStartIsRemoved() {
        assertThatThrownBy(() -> maker.make(TestPlans.prestarted(PLAN, "bash")))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
        var breaking = maker(new Prestarter() {
            @Override
            public boolean suits(JobOrder order, PoolPlan plan) {
                return true;
            }

            @Override
            public WaitingProgram begin(EngineSandbox sandbox, PoolPlan plan) throws InterruptedException {
                throw new InterruptedException("while it started");
            }
        });
        assertThatThrownBy(() -> breaking.make(TestPlans.prestarted(PLAN, "python")))
                .isInstanceOf(InterruptedException.class);
        AgentHost.assertNothingLeft();
    }
}
