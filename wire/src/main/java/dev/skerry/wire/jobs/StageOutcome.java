package dev.skerry.wire.jobs;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * How one process ended.
 *
 * @param exitCode present when it ended by itself
 * @param signal present when a signal ended it
 * @param cpu user and system time of all processes of the stage, from the cgroup
 * @param memoryPeakBytes of the whole sandbox during the stage, from the cgroup
 * @param stdout what was kept, at most its limit
 * @param stdoutTruncated whether more came than the limit; the rest was dropped and the program killed
 */
@SuppressWarnings("ArrayRecordComponent") // a view for one reader; never compared
public record StageOutcome(
        Status status,
        OptionalInt exitCode,
        OptionalInt signal,
        Duration wall,
        Duration cpu,
        long memoryPeakBytes,
        byte[] stdout,
        boolean stdoutTruncated,
        byte[] stderr,
        boolean stderrTruncated) {
    /** How it went, in one word. */
    public enum Status {
        /** Exit code 0. */
        OK,
        /** Another exit code. */
        RUNTIME_ERROR,
        /** A signal that none of the limits below had sent. */
        SIGNALLED,
        TIMED_OUT,
        CPU_TIME_EXCEEDED,
        OUT_OF_MEMORY,
        STDOUT_LIMIT,
        STDERR_LIMIT,
        /** It was ended from outside: by its control, or because its caller was interrupted. */
        CANCELLED,
        /** The sandbox, not the program, failed. */
        SANDBOX_ERROR
    }
}
