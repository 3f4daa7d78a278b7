package dev.skerry.wire;

import java.time.Duration;
import java.util.Optional;

/**
 * The hard limits of one sandbox, enforced by the kernel and the shim whoever is attached.
 *
 * @param memoryBytes resident memory of the whole sandbox, its writable layer on tmpfs included; swap is not allowed on
 *     top
 * @param cpuMillis thousandths of a CPU: 500 is half of one
 * @param processes tasks (threads count) alive at one time
 * @param diskBytes bytes of the writable layer
 * @param diskInodes files of the writable layer
 * @param wallTime from creation until the sandbox is killed; empty: until somebody destroys it
 * @param cpuTime CPU time of all processes together until the sandbox is killed
 */
public record Limits(
        long memoryBytes,
        int cpuMillis,
        int processes,
        long diskBytes,
        long diskInodes,
        Optional<Duration> wallTime,
        Optional<Duration> cpuTime) {
    /** Below this not even the process that serves the stream and a shell fit. */
    public static final long MEMORY_BYTES_MIN = 16L << 20;

    /** What the kernel can number: PID_MAX_LIMIT of linux/threads.h. */
    public static final int PROCESSES_MAX = 1 << 22;

    /** What one process may have, whatever it asks for. */
    public static final int OPEN_FILES_MAX = 4096;

    public static final Limits DEFAULT = new Limits(
            512L << 20, 1000, 256, 512L << 20, 100_000, Optional.of(Duration.ofMinutes(5)), Optional.empty());

    public Limits {
        require(memoryBytes >= MEMORY_BYTES_MIN, "memory must be at least 16 MiB, not " + memoryBytes + " bytes");
        require(cpuMillis >= 10, "cpus must be at least 0.01, not " + cpuMillis / 1000.0);
        require(
                processes >= 8 && processes <= PROCESSES_MAX,
                "pids must be from 8 to " + PROCESSES_MAX + ", not " + processes);
        require(diskBytes >= 1 << 20, "disk must be at least 1 MiB, not " + diskBytes + " bytes");
        require(diskInodes >= 64, "disk inodes must be at least 64, not " + diskInodes);
        require(wallTime.isEmpty() || wallTime.get().isPositive(), "timeout must be positive");
        require(cpuTime.isEmpty() || cpuTime.get().isPositive(), "cpu-time must be positive");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new Failure(ErrorCode.INVALID_REQUEST, message);
        }
    }

    public Limits withMemoryBytes(long value) {
        return new Limits(value, cpuMillis, processes, diskBytes, diskInodes, wallTime, cpuTime);
    }

    public Limits withCpuMillis(int value) {
        return new Limits(memoryBytes, value, processes, diskBytes, diskInodes, wallTime, cpuTime);
    }

    public Limits withProcesses(int value) {
        return new Limits(memoryBytes, cpuMillis, value, diskBytes, diskInodes, wallTime, cpuTime);
    }

    public Limits withDisk(long bytes, long inodes) {
        return new Limits(memoryBytes, cpuMillis, processes, bytes, inodes, wallTime, cpuTime);
    }

    public Limits withWallTime(Duration value) {
        return new Limits(memoryBytes, cpuMillis, processes, diskBytes, diskInodes, Optional.of(value), cpuTime);
    }

    public Limits withoutWallTime() {
        return new Limits(memoryBytes, cpuMillis, processes, diskBytes, diskInodes, Optional.empty(), cpuTime);
    }

    public Limits withCpuTime(Duration value) {
        return new Limits(memoryBytes, cpuMillis, processes, diskBytes, diskInodes, wallTime, Optional.of(value));
    }
}
