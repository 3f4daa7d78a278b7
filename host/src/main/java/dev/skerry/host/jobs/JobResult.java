package dev.skerry.host.jobs;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is known of a job once it has ended.
 *
 * @param language empty for a bare command
 * @param runtime the program that ran it, as a path in the template, or the command itself
 * @param compile empty when there was nothing to compile
 * @param run empty when the program was not started
 * @param memoryPeakBytes of the whole sandbox, from its cgroup
 */
public record JobResult(
        JobStatus status,
        Optional<String> language,
        String runtime,
        Optional<Stage> compile,
        Optional<Stage> run,
        Duration total,
        long memoryPeakBytes,
        long outOfMemoryKills,
        Place place) {
    /** Where it ran; {@code driver} is the runtime that made the sandbox, with its version. */
    public record Place(String sandbox, Isolation isolation, String driver, String template, String templateDigest) {}

    /**
     * One process: the compiler or the program.
     *
     * @param exitCode present when it ended by itself
     * @param signal present when a signal ended it
     * @param cpu user and system time of everything in the sandbox meanwhile, from its cgroup
     * @param stdout what it wrote, as far as it was kept
     * @param sandboxEnd why its sandbox ended under it; empty when it did not, or when that is not known
     */
    public record Stage(
            JobStatus status,
            OptionalInt exitCode,
            OptionalInt signal,
            Duration wall,
            Duration cpu,
            Output stdout,
            Output stderr,
            Optional<SandboxEnd> sandboxEnd) {}

    /**
     * What came out of one stream.
     *
     * @param kept the bytes that were collected; empty when they were passed through
     * @param bytes how many came out, passed-through ones included
     * @param truncated whether more came than the limit allowed; the rest was dropped
     */
    @SuppressWarnings("ArrayRecordComponent") // a view for one reader; never compared
    public record Output(byte[] kept, long bytes, boolean truncated) {}
}
