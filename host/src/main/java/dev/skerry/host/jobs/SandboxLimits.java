package dev.skerry.host.jobs;

import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.StageLimits;

/** What a sandbox may use while a stage of its job runs: what the order gives it, and no more than the stage may. */
public final class SandboxLimits {
    /** Beside the program's own: process 1, and the one that keeps its descendants together. */
    private static final int OWN_PROCESSES = 4;

    private static final int PROCESSES_MIN = 8;

    private SandboxLimits() {}

    /** While the order's first stage runs. */
    public static Limits first(JobOrder order) {
        boolean compiled = order.runtime().compiled();
        return during(compiled ? order.compile() : order.cases().getFirst().limits(), order);
    }

    static Limits during(StageLimits stage, JobOrder order) {
        Limits whole = order.limits();
        long memory = Math.clamp(
                stage.memoryBytes().orElse(whole.memoryBytes()), Limits.MEMORY_BYTES_MIN, whole.memoryBytes());
        int processes = stage.processes().isEmpty()
                ? whole.processes()
                : Math.clamp(stage.processes().getAsInt() + (long) OWN_PROCESSES, PROCESSES_MIN, whole.processes());
        return whole.withMemoryBytes(memory).withProcesses(processes);
    }
}
