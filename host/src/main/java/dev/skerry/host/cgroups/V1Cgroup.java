package dev.skerry.host.cgroups;

import static dev.skerry.host.cgroups.ControlFiles.limit;
import static dev.skerry.host.cgroups.ControlFiles.number;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * One directory of the same name in each v1 tree. Memory holds the shim and the box, the others only the box.
 *
 * @param memory and its fellows: this sandbox's directory in the tree of that controller; some may be one and the same
 */
record V1Cgroup(String name, Path memory, Path pids, Path cpu, Path cpuacct, Path freezer) implements SandboxCgroup {
    /** Of the memory limit, on top of it. */
    private static final int SOCKETS_PART = 8;

    /** Of the quota; the kernel's default. A quota may not be below 1 ms, which {@link Limits} sees to. */
    private static final int PERIOD_MICROS = 100_000;

    static V1Cgroup at(CgroupLayout.V1 layout, String group, String name) {
        return new V1Cgroup(
                name,
                layout.directory("memory").resolve(group, name),
                layout.directory("pids").resolve(group, name),
                layout.directory("cpu").resolve(group, name),
                layout.directory("cpuacct").resolve(group, name),
                layout.directory("freezer").resolve(group, name));
    }

    void make(Limits limits) throws IOException {
        for (var directory : boxDirs()) {
            ControlFiles.makeDirectory(directory);
        }
        update(limits);
    }

    boolean exists() {
        return boxDirs().stream().anyMatch(Files::exists);
    }

    @Override
    public List<Path> shimDirs() {
        return List.of(memory);
    }

    @Override
    public List<Path> boxDirs() {
        return Stream.of(memory, pids, cpu, cpuacct, freezer).distinct().toList();
    }

    @Override
    public Path cpuUsageFile() {
        return cpuacct.resolve("cpuacct.usage");
    }

    @Override
    public Optional<Path> killFile() {
        return Optional.empty();
    }

    @Override
    public Path freezeFile() {
        return state();
    }

    @Override
    public List<Path> procsFiles() {
        return List.of(pids.resolve("cgroup.procs"));
    }

    @Override
    public Usage usage() {
        return new Usage(
                number(memory.resolve("memory.usage_in_bytes")),
                number(memory.resolve("memory.max_usage_in_bytes")),
                number(memory.resolve("memory.stat"), "total_cache"),
                cpuTime(),
                Math.toIntExact(number(pids.resolve("pids.current"))),
                number(memory.resolve("memory.oom_control"), "oom_kill"),
                0);
    }

    @Override
    public Duration cpuTime() {
        return Duration.ofNanos(number(cpuUsageFile()));
    }

    @Override
    public MemoryPeak memoryPeak() {
        Path peak = memory.resolve("memory.max_usage_in_bytes");
        ControlFiles.writeIfPresent(peak, "0");
        return () -> number(peak);
    }

    @Override
    public Events events() {
        return new Events(
                number(memory.resolve("memory.oom_control"), "oom_kill"), number(pids.resolve("pids.events"), "max"));
    }

    @Override
    public void freeze(Duration bound) {
        limit(state(), "FROZEN");
        if (!ControlFiles.until(bound, this::frozen)) {
            ControlFiles.writeIfPresent(state(), "THAWED");
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "sandbox " + name + " did not freeze within " + bound.toMillis() + " ms",
                    "a process in an uninterruptible system call cannot be frozen; it has been thawed, try again");
        }
    }

    @Override
    public void thaw(Duration bound) {
        limit(state(), "THAWED");
        if (!ControlFiles.until(bound, () -> !ControlFiles.read(state()).startsWith("FR"))) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "sandbox " + name + " did not thaw within " + bound.toMillis() + " ms",
                    "a group above it may be frozen: look at freezer.parent_freezing in " + freezer);
        }
    }

    @Override
    public boolean frozen() {
        return ControlFiles.read(state()).strip().equals("FROZEN");
    }

    private Path state() {
        return freezer.resolve("freezer.state");
    }

    @Override
    public void killBox(Duration bound) {
        ControlFiles.writeIfPresent(pids.resolve("pids.max"), "0");
        Killing.untilEmpty(pids, this::boxProcesses, this::thawNow, bound);
    }

    @Override
    public void kill(Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        killBox(bound);
        Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        Killing.untilEmpty(memory, () -> ControlFiles.processes(memory), this::thawNow, left);
    }

    @Override
    public void killAllBut(long pid, Duration bound) {
        Killing.untilEmpty(pids, () -> Killing.others(boxProcesses(), pid), this::thawNow, bound);
    }

    /** All that may run tenant code, wherever a start that was cut short has left it. */
    private Set<Long> boxProcesses() {
        var found = new TreeSet<>(ControlFiles.processes(pids));
        found.addAll(ControlFiles.processes(freezer));
        return found;
    }

    private void thawNow() {
        ControlFiles.writeIfPresent(state(), "THAWED");
    }

    @Override
    public void remove(Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        for (var directory : boxDirs().reversed()) {
            ControlFiles.removeTree(directory, Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
    }

    @Override
    public void update(Limits limits) {
        memoryLimit(limits.memoryBytes());
        limit(pids.resolve("pids.max"), Integer.toString(limits.processes()));
        limit(cpu.resolve("cpu.cfs_quota_us"), Long.toString((long) limits.cpuMillis() * PERIOD_MICROS / 1000));
    }

    /** Memory and swap together may not be below memory alone, so the order depends on the direction. */
    private void memoryLimit(long bytes) {
        // Buffers of TCP and UDP sockets have an account of their own, which without a limit is not kept at all.
        ControlFiles.writeIfPresent(
                memory.resolve("memory.kmem.tcp.limit_in_bytes"), Long.toString(bytes / SOCKETS_PART));
        Path alone = memory.resolve("memory.limit_in_bytes");
        Path withSwap = memory.resolve("memory.memsw.limit_in_bytes");
        boolean counted = Files.exists(withSwap);
        boolean grows = counted && number(withSwap) < bytes;
        if (grows) {
            limit(withSwap, Long.toString(bytes));
        }
        limit(alone, Long.toString(bytes));
        if (counted && !grows) {
            limit(withSwap, Long.toString(bytes));
        }
    }
}
