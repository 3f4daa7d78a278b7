package dev.skerry.host.agent;

import static dev.skerry.host.agent.JobOrders.input;
import static dev.skerry.host.agent.JobOrders.limited;
import static dev.skerry.host.agent.JobOrders.runtime;
import static dev.skerry.host.agent.JobOrders.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs in sandboxes that waited for them; nothing is left of any. */
class AgentPoolsTest extends AgentFixture {
    private static final long MIB = 1 << 20;

    private JobHost jobs;

    @BeforeEach
    void jobs() {
        jobs = agent.jobs();
    }

    static PoolPlan plan(int floor, Miss miss) {
        return new PoolPlan(
                "base",
                Isolation.CONTAINER,
                Optional.empty(),
                64 * MIB,
                floor,
                8,
                0.9,
                1024 * MIB,
                miss,
                Duration.ofSeconds(20));
    }

    private PoolState state() {
        return jobs.pools().getFirst();
    }

    private void fill(int members) {
        jobs.plan(List.of(plan(members, Miss.COLD)));
        AgentHost.await("the pool is full", () -> full(members));
    }

    /** Nothing more is being made. */
    private boolean full(int members) {
        PoolState state = state();
        return state.ready() >= Math.max(members, state.target()) && state.starting() == 0;
    }

    private JobOutcome python(String code, JobCase... cases) throws Exception {
        return run(JobOrders.of(runtime(jobs, "python"), code, cases));
    }

    private JobOutcome run(JobOrder order) throws Exception {
        return jobs.run(order, JobListener.NOBODY);
    }

    private static JobOrder with(JobOrder order, Limits limits, Map<String, String> environment) {
        return new JobOrder(
                order.id(),
                order.runtime(),
                order.floor(),
                limits,
                order.files(),
                environment,
                order.compile(),
                order.prestarted(),
                order.cases());
    }

    private static String printed(JobOutcome outcome) {
        StageOutcome run = outcome.runs().getFirst();
        assertThat(run.status()).as(text(run.stderr())).isEqualTo(Status.OK);
        return text(run.stdout()).strip();
    }

    /** What a tenant can leave in a sandbox, wherever it can be written: files, memory, queues, processes, keys. */
    private static final String LEAVE_AND_LOOK = """
        import ctypes, os, subprocess, sys
        def leave():
            libc = ctypes.CDLL(None)
            for folder in ("/tmp", "/dev/shm", "/box", "/var/tmp"):
                open(folder + "/secret", "w").write("secret")
            assert libc.shmget(0x5EC, 4096, 0o1666) >= 0 and libc.msgget(0x5EC, 0o1666) >= 0
            subprocess.Popen(["sleep", "1000"], start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while "sleep" not in look(): pass
            print("left", look())
        def look():
            found = [root + "/" + name for top in ("/tmp", "/dev/shm", "/box", "/var/tmp", "/home", "/run")
                for root, folders, files in os.walk(top) for name in files if "secret" in name]
            for kind in ("shm", "msg", "sem"):
                found += [kind for line in open("/proc/sysvipc/" + kind).read().splitlines()[1:]]
            for pid in (name for name in os.listdir("/proc") if name.isdigit()):
                program = open("/proc/" + pid + "/cmdline").read().split("\\0")[0]
                found += ["sleep"] if "sleep" in program else []
            return found
        leave() if sys.argv[1] == "leave" else print(look())
        """;

    private static final String LEFT =
            "left ['/tmp/secret', '/dev/shm/secret', '/box/secret', '/var/tmp/secret', 'shm', 'msg', 'sleep']";

    @Test
    void eachJobGetsAReadySandboxThatNobodyUsedAndNothingOfAnotherIsThere() throws Exception {
        fill(3);
        Set<String> sandboxes = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            JobOutcome before = python(LEAVE_AND_LOOK, input("", "leave"));
            assertThat(printed(before)).isEqualTo(LEFT);
            assertThat(sandboxes.add(before.place().sandbox())).isTrue();
            JobOutcome after = python(LEAVE_AND_LOOK, input("", "look"));
            assertThat(printed(after)).isEqualTo("[]");
            assertThat(sandboxes.add(after.place().sandbox())).isTrue();
            AgentHost.await("they are gone", () -> AgentHost.runFolders().stream()
                    .noneMatch(name -> sandboxes.stream().anyMatch(name::startsWith)));
            AgentHost.await("the pool is full", () -> state().ready() >= 3);
        }
        assertThat(state().hits()).isEqualTo(6);
        assertThat(state().misses()).isZero();
    }

    @Test
    void aReadySandboxHasTheLimitsAndTheEnvironmentOfItsJob() throws Exception {
        fill(3);
        String code = "import os, sys; b = bytearray(int(sys.argv[1]) << 20); print(len(b) >> 20, os.environ['WHO'])";
        Limits large = Limits.DEFAULT.withMemoryBytes(256 * MIB);
        JobOrder order = JobOrders.of(runtime(jobs, "python"), code, input("", "150"));
        JobOutcome more = run(with(order, large, Map.of("WHO", "one")));
        assertThat(more.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(printed(more)).isEqualTo("150 one");

        Limits small = Limits.DEFAULT.withMemoryBytes(32 * MIB);
        JobOutcome less = run(with(order, small, Map.of("WHO", "other")));
        assertThat(less.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(less.runs().getFirst().status()).isEqualTo(Status.OUT_OF_MEMORY);
    }

    @Test
    void aSandboxWithAnotherDiskIsMadeForItsJob() throws Exception {
        fill(2);
        JobOrder order = JobOrders.of(runtime(jobs, "python"), "print(1)");
        assertThat(run(order).place().warmth()).isEqualTo(Warmth.WARM);
        JobOutcome other = run(with(order, Limits.DEFAULT.withDisk(16 * MIB, 1000), Map.of()));
        assertThat(other.place().warmth()).isEqualTo(Warmth.COLD);
        assertThat(state().misses()).isEqualTo(1);
    }

    /** Twice: a member that does not fit is closed by the first who finds it. */
    @Test
    void theFirstJobOfAFreshServerFindsTheDiskThatItsPlanExpects() throws Exception {
        PoolPlan plain = plan(2, Miss.COLD);
        jobs.plan(List.of(new PoolPlan(
                plain.template(),
                plain.isolation(),
                plain.prestart(),
                plain.sandboxBytes(),
                plain.floor(),
                plain.cap(),
                plain.hitRate(),
                plain.idleBytes(),
                plain.miss(),
                plain.patience(),
                plain.shape(),
                Optional.of(new PoolPlan.Disk(16 * MIB, 1000)))));
        AgentHost.await("the pool is full", () -> full(2));
        for (int i = 0; i < 2; i++) {
            JobOrder order = JobOrders.of(runtime(jobs, "python"), "import os; print(os.statvfs('/').f_files)");
            JobOutcome outcome = run(with(order, Limits.DEFAULT.withDisk(16 * MIB, 1000), Map.of()));
            assertThat(outcome.place().warmth()).isEqualTo(Warmth.WARM);
            assertThat(printed(outcome)).isEqualTo("1000");
        }
        assertThat(state().hits()).isEqualTo(2);
        assertThat(state().misses()).isZero();
    }

    @Test
    void oneThatWasFrozenOrKilledWhileItWaitedIsNotGivenToAJob() throws Exception {
        fill(4);
        List<String> folders = AgentHost.runFolders();
        List<String> harmed = folders.subList(0, 2);
        AgentHost.freeze(harmed.get(0));
        AgentHost.killShim(harmed.get(1));
        for (int i = 0; i < 3; i++) {
            JobOutcome outcome = python("print(1)");
            assertThat(printed(outcome)).isEqualTo("1");
            assertThat(harmed).noneMatch(name -> name.startsWith(outcome.place().sandbox()));
        }
        AgentHost.await("they are replaced", () -> state().failures() == 2 && state().ready() >= 4);
        AgentHost.await("they are gone", () -> AgentHost.runFolders().stream().noneMatch(harmed::contains));
    }

    @Test
    void aBurstIsServedByThePoolAndThenByFreshSandboxes() throws Exception {
        fill(4);
        List<JobOutcome> outcomes = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<JobOutcome>> all = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                all.add(threads.submit(() -> python("print(input())", input("x"))));
            }
            for (Future<JobOutcome> each : all) {
                outcomes.add(each.get());
            }
        }
        assertThat(outcomes).allMatch(outcome -> printed(outcome).equals("x"));
        assertThat(outcomes.stream().map(each -> each.place().sandbox()).distinct())
                .hasSize(12);
        long warm = outcomes.stream()
                .filter(each -> each.place().warmth() == Warmth.WARM)
                .count();
        assertThat(warm).isGreaterThanOrEqualTo(4).isEqualTo(state().hits());
        assertThat(state().misses()).isEqualTo(12 - warm);
    }

    @Test
    void whoWaitsGetsOneThatIsMadeForThePool() throws Exception {
        jobs.plan(List.of(plan(0, Miss.WAIT)));
        JobOutcome outcome = python("print(1)");
        assertThat(outcome.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(state().waits()).isEqualTo(1);
    }

    @Test
    void aReadySandboxLivesNoLongerThanItsJobMay() throws Exception {
        fill(1);
        StageLimits stage = StageLimits.of(Duration.ofSeconds(20), Duration.ofSeconds(20), 1000);
        JobOrder order = JobOrders.of(runtime(jobs, "python"), "import time; time.sleep(60)", limited(stage, ""));
        JobOutcome outcome = run(with(order, Limits.DEFAULT.withWallTime(Duration.ofSeconds(2)), Map.of()));
        assertThat(outcome.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(outcome.runs().getFirst().status()).isNotEqualTo(Status.OK);
        assertThat(outcome.total()).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void anInterpreterWaitsInAReadySandboxAndIsNotGivenToAJobThatCouldTell() throws Exception {
        PoolPlan plain = plan(1, Miss.COLD);
        PoolPlan python = new PoolPlan(
                plain.template(),
                plain.isolation(),
                Optional.of("python"),
                plain.sandboxBytes(),
                2,
                plain.cap(),
                plain.hitRate(),
                plain.idleBytes(),
                plain.miss(),
                plain.patience());
        jobs.plan(List.of(plain, python));
        AgentHost.await(
                "both pools are full",
                () -> jobs.pools().get(0).ready() >= 1 && jobs.pools().get(1).ready() >= 2);
        String code = "import sys; print(__name__, input(), sys.argv, len(bytearray(100 << 20)) >> 20)";
        JobOrder order = prestarted(JobOrders.of(
                runtime(jobs, "python"), List.of(JobOrders.file("main.py", code)), input("x"), input("y")));

        JobOutcome outcome = run(order);
        assertThat(outcome.place().warmth()).isEqualTo(Warmth.PRESTARTED);
        assertThat(printed(outcome)).isEqualTo("__main__ x ['/box/main.py'] 100");
        assertThat(text(outcome.runs().get(1).stdout())).isEqualTo("__main__ y ['/box/main.py'] 100\n");

        JobOutcome withArguments = run(prestarted(
                JobOrders.of(runtime(jobs, "python"), List.of(JobOrders.file("main.py", code)), input("z", "word"))));
        assertThat(withArguments.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(printed(withArguments)).isEqualTo("__main__ z ['/box/main.py', 'word'] 100");
    }

    private static JobOrder prestarted(JobOrder order) {
        return new JobOrder(
                order.id(),
                order.runtime(),
                order.floor(),
                order.limits(),
                order.files(),
                order.environment(),
                order.compile(),
                true,
                order.cases());
    }

    @Test
    void whatWaitedInAServerThatWasKilledIsRemovedAtTheNextStart() throws Exception {
        agent.close();
        Process server = AgentProcess.start("pool", "3");
        try (var lines = server.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("started");
            assertThat(AgentHost.runFolders()).hasSizeGreaterThanOrEqualTo(3);
        } finally {
            server.destroyForcibly().waitFor();
        }
        open();
        AgentHost.assertNothingLeft();
    }
}
