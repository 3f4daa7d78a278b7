package dev.skerry.host.jobs;

import dev.skerry.wire.SandboxEnd;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Decides how a process ended from what is known of it. What the guest says of itself (exit code, signal, that its
 * timer fired) is believed last: the sandbox's end and the out-of-memory count come from the kernel through the shim
 * and the cgroup.
 */
final class StageEnd {
    private static final int SIGKILL = 9;

    /** Shells report a child killed by SIGKILL as 128 + 9. */
    private static final int SHELL_SIGKILL = 128 + SIGKILL;

    /**
     * @param timedOut the guest's timer or the host's own ended it
     * @param cpuTime the guest saw it use up its CPU time
     * @param outOfMemoryKills how often the kernel killed something in this sandbox while it ran
     */
    record Facts(
            OptionalInt exitCode,
            OptionalInt signal,
            boolean timedOut,
            boolean cpuTime,
            boolean outputLimit,
            long outOfMemoryKills,
            Optional<SandboxEnd> sandboxEnd) {}

    private StageEnd() {}

    static JobStatus decide(Facts facts) {
        if (facts.outputLimit()) {
            return JobStatus.OUTPUT_LIMIT;
        }
        boolean killed = facts.signal().orElse(0) == SIGKILL || facts.exitCode().orElse(0) == SHELL_SIGKILL;
        if (facts.sandboxEnd().isPresent() && facts.exitCode().isEmpty()) {
            return ofSandbox(facts.sandboxEnd().get(), facts.outOfMemoryKills());
        }
        if (facts.timedOut()) {
            return JobStatus.TIMED_OUT;
        }
        if (facts.cpuTime()) {
            return JobStatus.CPU_TIME_EXCEEDED;
        }
        if (killed && facts.outOfMemoryKills() > 0) {
            return JobStatus.OUT_OF_MEMORY;
        }
        if (facts.signal().isPresent()) {
            return JobStatus.SIGNALLED;
        }
        return switch (facts.exitCode().orElse(-1)) {
            case 0 -> JobStatus.OK;
            case -1 -> JobStatus.SANDBOX_ERROR;
            default -> JobStatus.RUNTIME_ERROR;
        };
    }

    private static JobStatus ofSandbox(SandboxEnd end, long outOfMemoryKills) {
        return switch (end.cause()) {
            case TIMED_OUT -> JobStatus.TIMED_OUT;
            case CPU_TIME -> JobStatus.CPU_TIME_EXCEEDED;
            case OUT_OF_MEMORY -> JobStatus.OUT_OF_MEMORY;
            case GUEST_EXITED, SHIM_LOST -> outOfMemoryKills > 0 ? JobStatus.OUT_OF_MEMORY : JobStatus.SANDBOX_ERROR;
            case DESTROYED, START_FAILED, HOST_REBOOTED -> JobStatus.SANDBOX_ERROR;
        };
    }
}
