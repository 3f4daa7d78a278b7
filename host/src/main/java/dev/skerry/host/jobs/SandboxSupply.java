package dev.skerry.host.jobs;

import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.util.List;

/**
 * Where jobs get their sandboxes from. Each is one that nobody used before, of the order's template, not weaker than
 * its floor, and with limits in force, its own or those of its first stage; whoever claims it closes it. Thread-safe.
 */
public interface SandboxSupply extends AutoCloseable {
    /**
     * Finds a sandbox for a job, or makes one.
     *
     * @throws Failure {@code NOT_FOUND} (template), {@code UNSUPPORTED} (isolation), {@code NO_CAPACITY}; nothing is
     *     left then
     */
    Claimed claim(JobOrder order) throws InterruptedException;

    /** Replaces the pools, while they are used; those that are no longer planned are emptied. */
    default void plan(List<PoolPlan> plans) {}

    /** Each pool as it is now, in the order of the plans. */
    default List<PoolState> pools() {
        return List.of();
    }

    /** Empties the pools; what was claimed is its claimer's. */
    @Override
    default void close() {}
}
