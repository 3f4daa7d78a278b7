package dev.skerry.wire.jobs;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a job once it has ended.
 *
 * @param compile empty when there was nothing to compile
 * @param runs of the cases that were run, in their order; none when the program did not compile
 * @param waited until there was a sandbox
 * @param total from the order to the end of the last stage
 */
public record JobOutcome(
        JobPlace place, Optional<StageOutcome> compile, List<StageOutcome> runs, Duration waited, Duration total) {
    public JobOutcome {
        runs = List.copyOf(runs);
    }
}
