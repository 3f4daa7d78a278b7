package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.Resource;
import dev.skerry.wire.Limits;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a sandbox, or all of a tenant's, takes of what there are quotas of.
 *
 * @param lives sandboxes that have not ended
 * @param runs sandboxes that run, or are on their way there
 */
record Holding(long lives, long runs, long cpuMillis, long memoryBytes, long diskBytes) {
    static final Holding NOTHING = new Holding(0, 0, 0, 0, 0);

    /** What it takes while it runs. */
    static Holding running(Sandbox sandbox) {
        Limits limits = sandbox.config().limits();
        return new Holding(1, 1, limits.cpuMillis(), limits.memoryBytes(), limits.diskBytes());
    }

    /** What it takes in its present state; its memory is there until a sandbox that ends is gone. */
    static Holding of(Sandbox sandbox, Holding before) {
        return switch (sandbox.state()) {
            case SandboxState.Starting _, SandboxState.Running _, SandboxState.Pausing _, SandboxState.Resuming _ ->
                running(sandbox);
            case SandboxState.Paused paused ->
                resting(sandbox, paused.kind() == PauseKind.MEMORY ? running(sandbox).memoryBytes : 0);
            case SandboxState.Stopping _ -> resting(sandbox, before.memoryBytes);
            case SandboxState.Stopped _ -> NOTHING;
        };
    }

    private static Holding resting(Sandbox sandbox, long memoryBytes) {
        return new Holding(1, 0, 0, memoryBytes, running(sandbox).diskBytes);
    }

    Holding plus(Holding other) {
        return new Holding(
                lives + other.lives,
                runs + other.runs,
                cpuMillis + other.cpuMillis,
                memoryBytes + other.memoryBytes,
                diskBytes + other.diskBytes);
    }

    Holding minus(Holding other) {
        return new Holding(
                lives - other.lives,
                runs - other.runs,
                cpuMillis - other.cpuMillis,
                memoryBytes - other.memoryBytes,
                diskBytes - other.diskBytes);
    }

    /** How much of that; nothing of what is no stock. */
    long of(Resource resource) {
        return switch (resource) {
            case SANDBOXES -> runs;
            case CPU_MILLIS -> cpuMillis;
            case MEMORY_BYTES -> memoryBytes;
            case DISK_BYTES -> diskBytes;
            case CREATES_PER_SECOND, JOBS -> 0;
        };
    }

    /** All of it, but what is no stock of sandboxes. */
    Map<Resource, Long> amounts() {
        return Arrays.stream(Resource.values())
                .filter(resource -> resource != Resource.CREATES_PER_SECOND && resource != Resource.JOBS)
                .collect(Collectors.toMap(resource -> resource, this::of));
    }
}
