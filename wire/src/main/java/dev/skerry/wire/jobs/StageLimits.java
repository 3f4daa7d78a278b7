package dev.skerry.wire.jobs;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Limits of one process and all that it starts. Those of the whole sandbox hold as well.
 *
 * @param memoryBytes of the sandbox while this stage runs
 * @param outputBytes of stdout and of stderr, each; the program is killed when it writes more, and what was written up
 *     to the limit is kept
 * @param processes alive at one time
 * @param openFiles of one process
 * @param fileBytes size of one file
 */
public record StageLimits(
        Duration wall,
        Duration cpu,
        OptionalLong memoryBytes,
        long outputBytes,
        OptionalInt processes,
        OptionalInt openFiles,
        OptionalLong fileBytes) {
    public static StageLimits of(Duration wall, Duration cpu, long outputBytes) {
        return new StageLimits(
                wall,
                cpu,
                OptionalLong.empty(),
                outputBytes,
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalLong.empty());
    }
}
