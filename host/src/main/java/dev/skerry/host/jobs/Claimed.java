package dev.skerry.host.jobs;

import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import java.util.Optional;

/**
 * A sandbox that a job has for itself.
 *
 * @param sandbox closing it is its claimer's part, and not on the way of the answer
 * @param warmth how ready it was; of one with an interpreter that waits {@link Warmth#PRESTARTED}
 * @param waiting an interpreter that may run the program of this order; only where that cannot tell the difference
 * @param limits that are in force: the order's, or already those of its first stage
 */
public record Claimed(JobSandbox sandbox, Warmth warmth, Optional<WaitingProgram> waiting, Limits limits) {
    /** Without an interpreter that waits. */
    public static Claimed of(JobSandbox sandbox, Warmth warmth, Limits limits) {
        return new Claimed(sandbox, warmth, Optional.empty(), limits);
    }
}
