package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The rules by which an order is carried out, in a sandbox that runs nothing. */
class OrderRunTest {
    private static final StageLimits STAGE = StageLimits.of(Duration.ofSeconds(2), Duration.ofSeconds(1), 100);

    private final FakeJobSandbox sandbox = new FakeJobSandbox();
    private Optional<WaitingProgram> waiting = Optional.empty();

    private static JobOrder order(Language language, JobCase... cases) {
        return new JobOrder(
                "job",
                new LanguageRuntime("base", language.label(), "1.0.0", List.of(), Optional.empty(), true),
                Isolation.CONTAINER,
                Limits.DEFAULT,
                List.of(new JobFile("main." + language.extension(), new byte[] {1})),
                Map.of("A", "b"),
                STAGE,
                false,
                List.of(cases));
    }

    private static JobCase once(StageLimits limits, String... arguments) {
        return new JobCase(Optional.of(new byte[0]), List.of(arguments), limits);
    }

    private OrderRun.Stages run(JobOrder order, JobListener listener) throws InterruptedException {
        Language language = Language.named(order.runtime().language());
        Recipe recipe = Recipe.of(language, language.toolchains().getFirst(), order.files());
        return new OrderRun(
                        order, recipe, new Claimed(sandbox, Warmth.COLD, waiting, order.limits()), new Told(listener))
                .run();
    }

    private OrderRun.Stages run(JobOrder order) throws InterruptedException {
        return run(order, JobListener.NOBODY);
    }

    @Test
    void everyCaseFindsTheSandboxCleared() throws Exception {
        OrderRun.Stages stages = run(order(Language.C, once(STAGE), once(STAGE, "x"), once(STAGE)));

        assertThat(sandbox.log)
                .containsExactly(
                        "folder /box",
                        "folder /box/.build",
                        "start compile",
                        "start run",
                        "clear",
                        "start run",
                        "clear",
                        "start run");
        assertThat(stages.runs()).hasSize(3).allMatch(run -> run.status() == Status.OK);
        assertThat(sandbox.started.get(2).words()).containsExactly("/box/.build/main", "x");
    }

    @Test
    void jobsHaveTheirHomeInTmpAndWhatTheOrderSaysOnTop() throws Exception {
        run(order(Language.PYTHON, once(STAGE)));

        assertThat(sandbox.started.getFirst().environment())
                .containsOnly(Map.entry("PATH", "/usr/bin"), Map.entry("HOME", "/tmp"), Map.entry("A", "b"));
        assertThat(sandbox.started.getFirst().user()).isEqualTo("user");
        assertThat(sandbox.files).containsKey("/box/main.py");
    }

    @Test
    void aListenerThatHasSeenEnoughStopsTheCases() throws Exception {
        List<String> told = new ArrayList<>();
        OrderRun.Stages stages = run(order(Language.PYTHON, once(STAGE), once(STAGE)), new JobListener() {
            @Override
            public boolean ended(Phase phase, int run, StageOutcome outcome) {
                told.add(phase + " " + run);
                return false;
            }
        });

        assertThat(told).containsExactly("RUN 0");
        assertThat(stages.runs()).hasSize(1);
    }

    @Test
    void limitsOfAStageAreBroughtAboutOnlyWhereTheyChangeAndNeverAboveTheSandboxs() throws Exception {
        StageLimits small = new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.of(64 << 20),
                100,
                OptionalInt.of(10),
                OptionalInt.empty(),
                OptionalLong.empty());
        StageLimits large = new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.of(64L << 30),
                100,
                OptionalInt.of(100_000),
                OptionalInt.empty(),
                OptionalLong.empty());
        run(order(Language.PYTHON, once(STAGE), once(small), once(small), once(large)));

        assertThat(sandbox.log)
                .filteredOn(line -> line.startsWith("limit"))
                .containsExactly("limit 64 MiB, 14 processes", "limit 512 MiB, 256 processes");
    }

    @Test
    void limitsOfAProcessAreNeverAboveTheSandboxs() throws Exception {
        StageLimits large = new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.empty(),
                100,
                OptionalInt.of(1 << 22),
                OptionalInt.of(1 << 22),
                OptionalLong.of(Long.MAX_VALUE));
        run(order(Language.PYTHON, once(large)));

        Job.StageLimits taken = sandbox.started.getFirst().limits();
        assertThat(taken.processes()).hasValue(Limits.DEFAULT.processes());
        assertThat(taken.openFiles()).hasValue(Limits.OPEN_FILES_MAX);
        assertThat(taken.fileBytes()).hasValue(Limits.DEFAULT.diskBytes());
    }

    @Test
    void aSandboxThatHoldsMoreThanAStageMayIsOutOfMemory() throws Exception {
        sandbox.limitRefused = Optional.of(new Failure(ErrorCode.CONFLICT, "it holds more"));
        StageLimits small = new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.of(64 << 20),
                100,
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalLong.empty());
        OrderRun.Stages stages = run(order(Language.PYTHON, once(small)));

        assertThat(stages.runs().getFirst().status()).isEqualTo(Status.OUT_OF_MEMORY);
        assertThat(sandbox.started).isEmpty();
    }

    @Test
    void aStageThatUsedMoreCpuTimeThanItMayHasExceededItHoweverItEnded() throws Exception {
        sandbox.cpuOfAStage = Duration.ofMillis(1001);
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.CPU_TIME_EXCEEDED);
        sandbox.cpuOfAStage = Duration.ofSeconds(1);
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.OK);
    }

    @Test
    void aProgramThatEndsItselfAsIfItsCpuTimeWereOverHasEndedItself() throws Exception {
        sandbox.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(24), false, true);
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.SIGNALLED);
        sandbox.cpuOfAStage = Duration.ofMillis(999);
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.CPU_TIME_EXCEEDED);
    }

    @Test
    void aProgramThatIsGoneEndsAsInAShell() throws Exception {
        sandbox.startRefused = Optional.of(new Failure(ErrorCode.NOT_FOUND, "no such file"));
        StageOutcome run = run(order(Language.PYTHON, once(STAGE))).runs().getFirst();

        assertThat(run.status()).isEqualTo(Status.RUNTIME_ERROR);
        assertThat(run.exitCode()).hasValue(127);
        assertThat(new String(run.stderr(), StandardCharsets.UTF_8)).contains("no such file");
    }

    @Test
    void whatIsWrongWithTheSandboxIsAFailure() {
        sandbox.startRefused = Optional.of(new Failure(ErrorCode.NO_CAPACITY, "no room"));

        assertThatThrownBy(() -> run(order(Language.PYTHON, once(STAGE))))
                .isInstanceOf(Failure.class)
                .hasMessage("no room");
    }

    @Test
    void anInterpreterThatWaitsRunsTheFirstCaseUnlessItWouldNotBeTheSame() throws Exception {
        List<JobSandbox.Start> released = new ArrayList<>();
        waiting = Optional.of(start -> {
            released.add(start);
            return Optional.of(new FakeJobSandbox.Echo(FakeJobSandbox.GOOD));
        });
        run(order(Language.PYTHON, once(STAGE), once(STAGE)));
        assertThat(released).hasSize(1);
        assertThat(sandbox.started).hasSize(1);

        waiting = Optional.of(start -> Optional.empty());
        run(order(Language.PYTHON, once(STAGE)));
        assertThat(sandbox.started).hasSize(2);
    }

    @Test
    void whatDoesNotCompileIsNotRun() throws Exception {
        sandbox.exit = new JobSandbox.Exit(OptionalInt.of(1), OptionalInt.empty(), false, false);
        OrderRun.Stages stages = run(order(Language.C, once(STAGE)));

        assertThat(stages.compile().orElseThrow().status()).isEqualTo(Status.RUNTIME_ERROR);
        assertThat(stages.runs()).isEmpty();
    }

    @Test
    void whoKilledItIsKnown() throws Exception {
        sandbox.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), false, false);
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.SIGNALLED);
        sandbox.killsOfAStage = 1;
        assertThat(run(order(Language.PYTHON, once(STAGE))).runs().getFirst().status())
                .isEqualTo(Status.OUT_OF_MEMORY);
    }
}
