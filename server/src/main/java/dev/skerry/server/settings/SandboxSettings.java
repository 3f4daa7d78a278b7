package dev.skerry.server.settings;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.Limits;
import java.time.Duration;
import java.util.Optional;

/**
 * What sandboxes get when a request does not say, and how much they may ask for.
 *
 * @param isolation the weakest that will do, unless a request asks for more
 * @param launcher what starts sandboxes of level container
 * @param cpuMillis thousandths of a CPU, each
 * @param timeoutMax how far in the future a sandbox's end may be set
 * @param resumeTimeout how long one runs that a request to one of its ports has resumed
 * @param runningMax sandboxes that run at a time
 */
public record SandboxSettings(
        Isolation isolation,
        Launcher launcher,
        int cpuMillis,
        long memoryBytes,
        long diskBytes,
        long diskInodes,
        int processes,
        Duration timeoutMax,
        Duration resumeTimeout,
        int runningMax) {
    public static final SandboxSettings DEFAULT = new SandboxSettings(
            Isolation.CONTAINER,
            Launcher.AUTO,
            2000,
            1L << 30,
            2L << 30,
            200_000,
            1024,
            Duration.ofHours(24),
            Duration.ofMinutes(5),
            1000);

    public SandboxSettings with(Launcher other) {
        return new SandboxSettings(
                isolation,
                other,
                cpuMillis,
                memoryBytes,
                diskBytes,
                diskInodes,
                processes,
                timeoutMax,
                resumeTimeout,
                runningMax);
    }

    /** The weakest that will do for who asks for that: a wish for less than the setting does not count. */
    public Isolation floor(Optional<Isolation> asked) {
        return asked.filter(level -> level.satisfies(isolation)).orElse(isolation);
    }

    public Limits limits() {
        return new Limits(memoryBytes, cpuMillis, processes, diskBytes, diskInodes, Optional.empty(), Optional.empty());
    }
}
