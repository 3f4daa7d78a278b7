package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobListener.Stream;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Carries an order out in the sandbox that was claimed for it: its files, the compiler, then each case. Between two
 * cases nothing lives on but files. The sandbox is the caller's, before and after.
 */
final class OrderRun {
    /** What jobs have whatever the template says; the order may say otherwise. */
    private static final Map<String, String> ENVIRONMENT = Map.of("HOME", "/tmp");

    static final String RUN_TAG = "run";

    private static final JobControl NOTHING_RUNS = new StageControl(Outcomes.NO_PROCESS, new AtomicBoolean());

    private final JobOrder order;
    private final Recipe recipe;
    private final JobSandbox sandbox;
    private final Told told;
    private final AtomicBoolean cancelled = new AtomicBoolean();
    private Optional<WaitingProgram> waiting;
    private Limits inForce;
    private boolean startedAnew;

    /** @param recipe of the order's files */
    OrderRun(JobOrder order, Recipe recipe, Claimed claimed, Told told) {
        this.order = order;
        this.recipe = recipe;
        this.sandbox = claimed.sandbox();
        this.waiting = claimed.waiting();
        this.told = told;
        this.inForce = claimed.limits();
    }

    /** What happened. */
    record Stages(Optional<StageOutcome> compile, List<StageOutcome> runs) {}

    /**
     * Runs it to its end.
     *
     * @throws Failure when its files do not fit
     * @throws InterruptedException when the caller was interrupted; the program may still run
     */
    Stages run() throws InterruptedException {
        JobSandbox.Placing placing = sandbox.place(recipe.files(), recipe.folders(), JobSandboxes.USER);
        Optional<StageOutcome> compile = Optional.empty();
        if (!recipe.compile().isEmpty()) {
            var step = new Step(Phase.COMPILE, 0, recipe.compile(), recipe.environment(), StageInput.of(new byte[0]));
            StageOutcome outcome = stage(step, order.compile(), Optional.of(placing));
            compile = Optional.of(outcome);
            if (!told.ended(Phase.COMPILE, 0, outcome) || outcome.status() != StageOutcome.Status.OK) {
                return new Stages(compile, List.of());
            }
        }
        return new Stages(compile, runs(compile.isPresent() ? Optional.empty() : Optional.of(placing)));
    }

    private List<StageOutcome> runs(Optional<JobSandbox.Placing> placing) throws InterruptedException {
        List<StageOutcome> outcomes = new ArrayList<>();
        for (JobCase each : order.cases()) {
            int number = outcomes.size();
            if (number > 0) {
                sandbox.clear();
            }
            List<String> words = new ArrayList<>(recipe.run());
            words.addAll(each.arguments());
            StageInput stdin = each.stdin().map(StageInput::of).orElse(StageInput.OTHERS);
            var step = new Step(Phase.RUN, number, words, recipe.runEnvironment(), stdin);
            StageOutcome outcome = stage(step, each.limits(), number == 0 ? placing : Optional.empty());
            outcomes.add(outcome);
            boolean over = outcome.status() == StageOutcome.Status.SANDBOX_ERROR || cancelled.get();
            if (!told.ended(Phase.RUN, number, outcome) || over) {
                break;
            }
        }
        return outcomes;
    }

    private record Step(
            Phase phase, int number, List<String> words, Map<String, String> environment, StageInput stdin) {}

    /** @param placing the files, if nobody has made sure yet that they are there */
    private StageOutcome stage(Step step, StageLimits limits, Optional<JobSandbox.Placing> placing)
            throws InterruptedException {
        if (!limit(limits)) {
            placing.ifPresent(JobSandbox.Placing::await);
            told.begins(step.phase(), step.number(), NOTHING_RUNS);
            return Outcomes.without(StageOutcome.Status.OUT_OF_MEMORY);
        }
        var stdout = new ByteArrayOutputStream();
        var stderr = new ByteArrayOutputStream();
        var killed = new AtomicBoolean();
        var plan = new StageRun.Plan(
                start(step, limits),
                step.phase() == Phase.RUN ? takeWaiting() : Optional.empty(),
                step.stdin(),
                sink(Stream.STDOUT, stdout),
                sink(Stream.STDERR, stderr),
                limits.outputBytes(),
                process -> {
                    placing.ifPresent(JobSandbox.Placing::await);
                    told.begins(step.phase(), step.number(), new StageControl(process, killed));
                });
        try {
            StageRun.Ended ended = StageRun.run(sandbox, plan);
            return Outcomes.of(ended, stdout.toByteArray(), stderr.toByteArray(), killed.get() || cancelled.get());
        } catch (Failure e) {
            if (Thread.interrupted()) {
                throw interrupted(step, stdout, stderr);
            }
            placing.ifPresent(JobSandbox.Placing::await);
            return notStarted(step, limits, e);
        } catch (InterruptedException e) {
            throw interrupted(step, stdout, stderr);
        }
    }

    /** The caller wants no answer any more; the listener gets it all the same. */
    private InterruptedException interrupted(Step step, ByteArrayOutputStream stdout, ByteArrayOutputStream stderr) {
        told.ended(step.phase(), step.number(), Outcomes.cancelled(stdout.toByteArray(), stderr.toByteArray()));
        return new InterruptedException("job " + order.id() + " was cancelled");
    }

    /** A program that cannot be started ends as in a shell; that of a job may have removed itself. */
    private StageOutcome notStarted(Step step, StageLimits limits, Failure e) {
        if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.DENIED) {
            throw e;
        }
        told.begins(step.phase(), step.number(), NOTHING_RUNS);
        byte[] message = ("skerry: " + e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
        return Outcomes.notStarted(e.code(), message.length <= limits.outputBytes() ? message : new byte[0]);
    }

    private Optional<WaitingProgram> takeWaiting() {
        Optional<WaitingProgram> taken = waiting;
        waiting = Optional.empty();
        return taken.map(program -> start -> {
            Optional<JobSandbox.JobProcess> released = program.release(start);
            startedAnew = released.isEmpty();
            return released;
        });
    }

    private OutputPump.Sink sink(Stream stream, ByteArrayOutputStream kept) {
        return (bytes, count) -> {
            kept.write(bytes, 0, count);
            told.wrote(stream, bytes, count);
        };
    }

    /** Of what is started for a job that has none of its own. */
    static Map<String, String> environment(JobSandbox sandbox, Map<String, String> ofTools) {
        Map<String, String> environment = new HashMap<>(sandbox.environment());
        environment.putAll(ENVIRONMENT);
        environment.putAll(ofTools);
        return environment;
    }

    private JobSandbox.Start start(Step step, StageLimits limits) {
        Map<String, String> environment = environment(sandbox, step.environment());
        environment.putAll(order.environment());
        return new JobSandbox.Start(
                step.phase() == Phase.COMPILE ? "compile" : RUN_TAG,
                step.words(),
                environment,
                JobRunner.FOLDER,
                JobSandboxes.USER,
                ofProcess(limits),
                Optional.empty());
    }

    /** None above what every process in the sandbox has: that could not be set. */
    private Job.StageLimits ofProcess(StageLimits limits) {
        Limits whole = order.limits();
        return new Job.StageLimits(
                Optional.of(limits.wall()),
                Optional.of(limits.cpu()),
                atMost(limits.processes(), whole.processes()),
                atMost(limits.openFiles(), Limits.OPEN_FILES_MAX),
                limits.fileBytes().isEmpty()
                        ? OptionalLong.empty()
                        : OptionalLong.of(Math.min(limits.fileBytes().getAsLong(), whole.diskBytes())));
    }

    private static OptionalInt atMost(OptionalInt limit, int most) {
        return limit.isEmpty() ? limit : OptionalInt.of(Math.min(limit.getAsInt(), most));
    }

    /** Brings the stage's own limits about; false when the sandbox already holds more memory than that. */
    private boolean limit(StageLimits limits) {
        Limits wanted = SandboxLimits.during(limits, order);
        if (wanted.equals(inForce)) {
            return true;
        }
        try {
            sandbox.limit(wanted);
            inForce = wanted;
            return true;
        } catch (Failure e) {
            if (e.code() != ErrorCode.CONFLICT) {
                throw e;
            }
            return false;
        }
    }

    /** Whether an interpreter waited in vain, as its program had to be started in another way. */
    boolean startedAnew() {
        return startedAnew;
    }

    /** Ends it from another thread, with its sandbox. */
    void cancel() {
        cancelled.set(true);
        sandbox.close();
    }
}
