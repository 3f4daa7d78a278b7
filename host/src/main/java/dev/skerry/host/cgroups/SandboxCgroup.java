package dev.skerry.host.cgroups;

import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The control groups of one sandbox. They stay when this object and the process that made it are gone, and are found
 * again by name.
 *
 * <p>Two processes are put there by writing their id into {@code cgroup.procs} of every directory named, before they
 * start what they supervise: the shim (its memory is the sandbox's, but it is not frozen and takes no part of the pids
 * and CPU limits) and the runtime (everything). Methods may be called from several threads and processes at a time.
 *
 * @see <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">cgroup-v2.rst</a>
 * @see <a href="https://docs.kernel.org/admin-guide/cgroup-v1/index.html">cgroup-v1</a>
 */
public sealed interface SandboxCgroup permits V1Cgroup, V2Cgroup {
    /** {@code <sandbox>.<generation>}. */
    String name();

    /** Where the shim belongs. */
    List<Path> shimDirs();

    /** Where the runtime belongs, and with it everything inside. */
    List<Path> boxDirs();

    /**
     * CPU time of the box: v1 {@code cpuacct.usage}, one number of nanoseconds; v2 {@code cpu.stat}, line {@code
     * usage_usec N}.
     */
    Path cpuUsageFile();

    /** Writing "1" kills the box at once, frozen or not; v2 on kernel 5.14 or newer. The shim lives on. */
    Optional<Path> killFile();

    /** Writing "1" (v2) or "FROZEN" (v1) stops the box; "0" or "THAWED" lets it go on. */
    Path freezeFile();

    /** Files that list the processes of the box, one id a line; each process is in at least one of them. */
    List<Path> procsFiles();

    /** A few file reads; counts whatever has happened since creation. Zeros once the group is gone. */
    Usage usage();

    /** CPU time of the box since creation: one file read. Zero once the group is gone. */
    Duration cpuTime();

    /** From now on. Whoever asked for it closes it. */
    MemoryPeak memoryPeak();

    /** What the limits did since creation. Zeros once the group is gone. */
    Events events();

    /**
     * Stops every process of the box where it is. Freezing what is frozen is success.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} when some process does not stop in time; the box has then been
     *     thawed again
     */
    void freeze(Duration bound);

    /**
     * @throws Failure {@code DEADLINE_EXCEEDED}
     */
    void thaw(Duration bound);

    boolean frozen();

    /**
     * Kills every process of the box, frozen or not, and waits until it is empty. The shim lives on and may record the
     * end.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} naming the processes left
     */
    void killBox(Duration bound);

    /**
     * Kills every process of the box but one, and waits until that is alone; it may start others afterwards.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} naming the processes left
     */
    void killAllBut(long pid, Duration bound);

    /**
     * Kills the box and then the shim; killing what is dead is success. Nothing new can start in the box afterwards.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} naming the processes left
     */
    void kill(Duration bound);

    /**
     * Removes the groups, and groups that somebody made below them; what is missing is success.
     *
     * @throws Failure {@code CONFLICT} naming the processes that are still in them when {@code bound} has passed
     */
    void remove(Duration bound);

    /**
     * Replaces memory, CPU and pids limits of the running sandbox.
     *
     * @throws Failure {@code CONFLICT} when the sandbox holds more memory than the new limit and the kernel cannot
     *     take it back,
     *     {@code SANDBOX_GONE} when the groups do not exist
     */
    void update(Limits limits);

    /**
     * What the limits did.
     *
     * @param outOfMemoryKills processes that the kernel killed at the memory limit
     * @param processLimitHits forks refused at the pids limit
     */
    record Events(long outOfMemoryKills, long processLimitHits) {}
}
