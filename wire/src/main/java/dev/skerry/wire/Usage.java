package dev.skerry.wire;

import java.time.Duration;

/** What the cgroup says of a sandbox; never what the sandbox says of itself. Bytes, counts. */
public record Usage(long memoryBytes, long memoryPeakBytes, Duration cpuTime, int processes, long outOfMemoryKills) {}
