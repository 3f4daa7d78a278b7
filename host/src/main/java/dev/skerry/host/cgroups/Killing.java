package dev.skerry.host.cgroups;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Kills the processes of a group one by one until none is left.
 *
 * <p>{@link ProcessHandle#destroyForcibly} is {@code kill(2)} on any process of the same user, not only on children,
 * after a check of its start time; it forks nothing. The caller forbids new processes first ({@code pids.max} 0), so
 * one pass usually does; a second signal goes out every {@link #PASSES_UNTIL_REPEAT} passes for what slipped in.
 */
final class Killing {
    private static final int PASSES_UNTIL_REPEAT = 32;

    private final Supplier<Set<Long>> processes;
    private final Runnable thaw;
    private final Set<Long> signalled = new HashSet<>();
    private int passes;

    private Killing(Supplier<Set<Long>> processes, Runnable thaw) {
        this.processes = processes;
        this.thaw = thaw;
    }

    /**
     * @param thaw run after each round of signals: a v1 group that is frozen delivers SIGKILL only once it is thawed,
     *     and signals sent before that leave its processes no instruction to run
     */
    static void untilEmpty(Path group, Supplier<Set<Long>> processes, Runnable thaw, Duration bound) {
        var killing = new Killing(processes, thaw);
        if (!ControlFiles.until(bound, killing::pass)) {
            throw alive(group, processes.get(), bound);
        }
    }

    static Set<Long> others(Set<Long> processes, long pid) {
        var others = new HashSet<>(processes);
        others.remove(pid);
        return others;
    }

    static Failure alive(Path group, Set<Long> left, Duration bound) {
        return new Failure(
                ErrorCode.DEADLINE_EXCEEDED,
                "still alive " + bound.toMillis() + " ms after SIGKILL in " + group + ": " + ControlFiles.named(left),
                "a process in an uninterruptible system call dies when the device answers; see /proc/PID/stack");
    }

    private boolean pass() {
        var alive = processes.get();
        if (alive.isEmpty()) {
            return true;
        }
        if (++passes % PASSES_UNTIL_REPEAT == 0) {
            signalled.clear();
        }
        alive.stream().filter(signalled::add).forEach(Killing::signal);
        thaw.run();
        return false;
    }

    private static void signal(long pid) {
        if (pid != ProcessHandle.current().pid()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }
}
