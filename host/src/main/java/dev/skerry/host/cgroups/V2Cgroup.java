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

/**
 * A group with the memory limit and two leaves: {@code shim}, and {@code box} with pids, CPU and the freezer.
 *
 * @param directory the sandbox's own group
 * @param controllers those that {@code directory} has; all of {@link CgroupDetection#V2_CONTROLLERS} outside of tests
 */
record V2Cgroup(String name, Path directory, Set<String> controllers) implements SandboxCgroup {
    private static final int PERIOD_MICROS = 100_000;

    void make(Limits limits) throws IOException {
        ControlFiles.makeDirectory(directory);
        enableForLeaves();
        ControlFiles.makeDirectory(shim());
        ControlFiles.makeDirectory(box());
        if (controllers.contains("memory")) {
            // One process over the limit dies, not everything: guestd reports what was killed.
            limit(directory.resolve("memory.oom.group"), "0");
            if (Files.exists(directory.resolve("memory.swap.max"))) {
                limit(directory.resolve("memory.swap.max"), "0");
            }
        }
        update(limits);
    }

    /** Memory stays with the parent: one count for both leaves, and one memory group less per sandbox. */
    private void enableForLeaves() {
        if (controllers.contains("pids") && controllers.contains("cpu")) {
            limit(directory.resolve("cgroup.subtree_control"), "+pids +cpu");
        }
    }

    private Path shim() {
        return directory.resolve("shim");
    }

    private Path box() {
        return directory.resolve("box");
    }

    boolean exists() {
        return Files.exists(directory);
    }

    @Override
    public List<Path> shimDirs() {
        return List.of(shim());
    }

    @Override
    public List<Path> boxDirs() {
        return List.of(box());
    }

    @Override
    public Path cpuUsageFile() {
        return box().resolve("cpu.stat");
    }

    @Override
    public Path freezeFile() {
        return box().resolve("cgroup.freeze");
    }

    @Override
    public Optional<Path> killFile() {
        return Optional.of(box().resolve("cgroup.kill")).filter(Files::exists);
    }

    @Override
    public List<Path> procsFiles() {
        return List.of(box().resolve("cgroup.procs"));
    }

    @Override
    public Usage usage() {
        long memory = number(directory.resolve("memory.current"));
        return new Usage(
                memory,
                // memory.peak came with kernel 5.19; before that the best that can be said is what is used now.
                Math.max(memory, number(directory.resolve("memory.peak"))),
                number(directory.resolve("memory.stat"), "file"),
                cpuTime(),
                Math.toIntExact(number(box().resolve("pids.current"))),
                number(directory.resolve("memory.events"), "oom_kill"),
                0);
    }

    @Override
    public Duration cpuTime() {
        return Duration.ofNanos(1000 * number(cpuUsageFile(), "usage_usec"));
    }

    @Override
    public MemoryPeak memoryPeak() {
        return V2MemoryPeak.begin(directory);
    }

    @Override
    public Events events() {
        return new Events(
                number(directory.resolve("memory.events"), "oom_kill"), number(box().resolve("pids.events"), "max"));
    }

    @Override
    public void freeze(Duration bound) {
        limit(freezeFile(), "1");
        if (!ControlFiles.until(bound, this::frozen)) {
            ControlFiles.writeIfPresent(freezeFile(), "0");
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "sandbox " + name + " did not freeze within " + bound.toMillis() + " ms",
                    "a process in an uninterruptible system call cannot be frozen; it has been thawed, try again");
        }
    }

    @Override
    public void thaw(Duration bound) {
        limit(freezeFile(), "0");
        if (!ControlFiles.until(bound, () -> !frozen())) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "sandbox " + name + " did not thaw within " + bound.toMillis() + " ms",
                    "a group above it may be frozen: look at cgroup.freeze above " + directory);
        }
    }

    @Override
    public boolean frozen() {
        return number(box().resolve("cgroup.events"), "frozen") == 1;
    }

    @Override
    public void killBox(Duration bound) {
        kill(box(), bound);
    }

    @Override
    public void kill(Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        killBox(bound);
        kill(directory, Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }

    @Override
    public void killAllBut(long pid, Duration bound) {
        Killing.untilEmpty(box(), () -> Killing.others(ControlFiles.processes(box()), pid), () -> {}, bound);
    }

    /** A v2 group delivers SIGKILL while frozen; cgroup.kill reaches processes that are being forked, too. */
    private void kill(Path group, Duration bound) {
        ControlFiles.writeIfPresent(box().resolve("pids.max"), "0");
        Path killFile = group.resolve("cgroup.kill");
        if (Files.exists(killFile)) {
            ControlFiles.writeIfPresent(killFile, "1");
            if (!ControlFiles.until(bound, () -> number(group.resolve("cgroup.events"), "populated") == 0)) {
                throw Killing.alive(group, ControlFiles.processes(group), bound);
            }
        } else {
            Killing.untilEmpty(group, () -> ControlFiles.processes(group), () -> {}, bound);
        }
        ControlFiles.writeIfPresent(freezeFile(), "0");
    }

    @Override
    public void remove(Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        for (var group : List.of(box(), shim(), directory)) {
            ControlFiles.removeTree(group, Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
    }

    @Override
    public void update(Limits limits) {
        if (controllers.contains("memory")) {
            limit(directory.resolve("memory.max"), Long.toString(limits.memoryBytes()));
        }
        if (controllers.contains("pids")) {
            limit(box().resolve("pids.max"), Integer.toString(limits.processes()));
        }
        if (controllers.contains("cpu")) {
            long quota = (long) limits.cpuMillis() * PERIOD_MICROS / 1000;
            limit(box().resolve("cpu.max"), quota + " " + PERIOD_MICROS);
        }
    }
}
