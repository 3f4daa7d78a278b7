package dev.skerry.wire;

import java.time.Duration;

/**
 * What the host knows of a sandbox's use; never what the sandbox says of itself. Bytes, counts.
 *
 * @param memoryBytes of all processes and what the kernel keeps for them, page cache included
 * @param cacheBytes of those, page cache
 * @param diskBytes that its writable disk takes on the host; 0 where that layer is in memory
 */
public record Usage(
        long memoryBytes,
        long memoryPeakBytes,
        long cacheBytes,
        Duration cpuTime,
        int processes,
        long outOfMemoryKills,
        long diskBytes) {
    public static final Usage NONE = new Usage(0, 0, 0, Duration.ZERO, 0, 0, 0);

    public Usage withDiskBytes(long value) {
        return new Usage(memoryBytes, memoryPeakBytes, cacheBytes, cpuTime, processes, outOfMemoryKills, value);
    }
}
