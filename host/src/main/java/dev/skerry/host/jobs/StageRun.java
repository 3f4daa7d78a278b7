package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * Carries one stage out: starts a process, feeds it, takes its output, keeps it to its limits, and says how it ended
 * and what it cost.
 */
final class StageRun {
    /** The guest's timer is the exact one; ours only catches a guest that does not keep it. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private static final Duration WITHOUT_LIMIT = Duration.ofDays(365);
    private static final Duration LOOK_MIN = Duration.ofMillis(1);
    private static final int CORES = Runtime.getRuntime().availableProcessors();
    private static final JobSandbox.Exit UNKNOWN =
            new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.empty(), false, false);
    private static final JobSandbox.Exit KILLED_LATE =
            new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), true, false);

    private final JobSandbox sandbox;
    private final Plan plan;

    /**
     * What to do.
     *
     * @param outputBytes of each stream; the process is killed when it writes more
     * @param started told of the process before any of its output
     */
    record Plan(
            JobSandbox.Start start,
            Optional<WaitingProgram> waiting,
            StageInput stdin,
            OutputPump.Sink stdout,
            OutputPump.Sink stderr,
            long outputBytes,
            Consumer<JobSandbox.JobProcess> started) {}

    /**
     * How it went.
     *
     * @param exit with {@code cpuTime} also when the whole stage used more than its limit, whoever noticed
     * @param sandboxEnd why its sandbox ended under it; empty when it did not, or when that is not known
     * @param cpu of everything in the sandbox meanwhile
     */
    record Ended(
            JobSandbox.Exit exit,
            Optional<SandboxEnd> sandboxEnd,
            Duration wall,
            Duration cpu,
            long memoryPeakBytes,
            long outOfMemoryKills,
            OutputPump stdout,
            OutputPump stderr) {
        StageEnd.Facts facts() {
            return new StageEnd.Facts(
                    exit.code(),
                    exit.signal(),
                    exit.timedOut(),
                    exit.cpuTime(),
                    stdout.truncated() || stderr.truncated(),
                    outOfMemoryKills,
                    sandboxEnd);
        }
    }

    private record Ending(JobSandbox.Exit exit, Optional<SandboxEnd> sandboxEnd) {}

    private StageRun(JobSandbox sandbox, Plan plan) {
        this.sandbox = sandbox;
        this.plan = plan;
    }

    /**
     * Waits for the end of the process and of its output.
     *
     * @throws Failure when it cannot be started
     */
    static Ended run(JobSandbox sandbox, Plan plan) throws InterruptedException {
        return new StageRun(sandbox, plan).run();
    }

    private Ended run() throws InterruptedException {
        try (JobSandbox.Meter meter = sandbox.measure()) {
            long begin = System.nanoTime();
            JobSandbox.JobProcess process = start();
            plan.started().accept(process);
            var stdout = new OutputPump(process.stdout(), plan.stdout(), plan.outputBytes(), process::kill);
            var stderr = new OutputPump(process.stderr(), plan.stderr(), plan.outputBytes(), process::kill);
            StageInput.Feeding feeding = plan.stdin().feed(process);
            Ending ending = await(process, meter);
            Duration wall = Duration.ofNanos(System.nanoTime() - begin);
            stdout.join();
            stderr.join();
            feeding.end();
            Duration cpu = meter.cpuTime();
            return new Ended(
                    withCpuTime(ending.exit(), cpu),
                    ending.sandboxEnd(),
                    wall,
                    cpu,
                    meter.memoryPeakBytes(),
                    meter.outOfMemoryKills(),
                    stdout,
                    stderr);
        }
    }

    private JobSandbox.JobProcess start() {
        return plan.waiting()
                .flatMap(program -> program.release(plan.start()))
                .orElseGet(() -> sandbox.start(plan.start()));
    }

    private boolean over(Duration cpu) {
        return plan.start()
                .limits()
                .cpu()
                .filter(limit -> cpu.compareTo(limit) > 0)
                .isPresent();
    }

    /**
     * The guest goes by the signal, which a program may also send itself; clocks of a user-space kernel are not exact.
     */
    private JobSandbox.Exit withCpuTime(JobSandbox.Exit exit, Duration cpu) {
        boolean spent = over(cpu) || (exit.cpuTime() && over(cpu.multipliedBy(2)));
        return new JobSandbox.Exit(exit.code(), exit.signal(), exit.timedOut(), spent);
    }

    private Ending await(JobSandbox.JobProcess process, JobSandbox.Meter meter) {
        try {
            return new Ending(exit(process, meter), Optional.empty());
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            return new Ending(UNKNOWN, sandbox.awaitEnd(GRACE));
        }
    }

    private JobSandbox.Exit exit(JobSandbox.JobProcess process, JobSandbox.Meter meter) {
        Duration bound = plan.start().limits().wall().map(GRACE::plus).orElse(WITHOUT_LIMIT);
        long until = System.nanoTime() + bound.toNanos();
        while (true) {
            Duration left = Duration.ofNanos(until - System.nanoTime());
            Optional<JobSandbox.Exit> exit = process.await(min(left, untilNextLook(meter)));
            if (exit.isPresent()) {
                return exit.get();
            }
            boolean late = System.nanoTime() - until >= 0;
            if (late || over(meter.cpuTime())) {
                process.kill();
                return process.await(GRACE).filter(_ -> !late).orElse(KILLED_LATE);
            }
        }
    }

    /** With all cores it cannot use the rest of its time up any sooner. */
    private Duration untilNextLook(JobSandbox.Meter meter) {
        return plan.start()
                .limits()
                .cpu()
                .map(limit -> max(LOOK_MIN, limit.minus(meter.cpuTime()).dividedBy(CORES)))
                .orElse(WITHOUT_LIMIT);
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
