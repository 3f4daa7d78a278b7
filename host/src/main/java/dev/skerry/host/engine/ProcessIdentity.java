package dev.skerry.host.engine;

import dev.skerry.host.templates.ProcessHold;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A process on this host that cannot be mistaken for a later one with the same pid.
 *
 * @param startTicks clock ticks since boot at which it started: field 22 of proc_pid_stat(5)
 */
public record ProcessIdentity(long pid, long startTicks) {
    private static final int START_FIELD_BEHIND_NAME = 19;
    private static final long POLL_MILLIS = 5;

    public static ProcessIdentity self() {
        return of(ProcessHandle.current().pid()).orElseThrow();
    }

    public static Optional<ProcessIdentity> of(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] behindName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (behindName[0].equals("Z")) {
                return Optional.empty();
            }
            return Optional.of(new ProcessIdentity(pid, Long.parseLong(behindName[START_FIELD_BEHIND_NAME])));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether a signal stopped it (SIGSTOP): it holds what it has, and does nothing with it. */
    public boolean stopped() {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return alive() && stat.substring(stat.lastIndexOf(')') + 2).startsWith("T");
        } catch (IOException e) {
            return false;
        }
    }

    /** Kills it, also when it is stopped, and waits until it is gone; false when that takes longer. */
    public boolean kill(Duration bound) throws IOException, InterruptedException {
        Optional<ProcessHold> held = ProcessHold.of(pid);
        if (held.isPresent()) {
            try (ProcessHold process = held.get()) {
                // What is held is this one, or came later: then this one is gone.
                if (alive()) {
                    process.kill();
                }
            }
        }
        long until = System.nanoTime() + bound.toNanos();
        while (alive()) {
            if (System.nanoTime() > until) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return true;
    }

    public boolean alive() {
        return of(pid).filter(this::equals).isPresent();
    }

    public static Optional<ProcessIdentity> parse(String text) {
        String[] parts = text.strip().split(" ", -1);
        try {
            return parts.length == 2
                    ? Optional.of(new ProcessIdentity(Long.parseLong(parts[0]), Long.parseLong(parts[1])))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return pid + " " + startTicks;
    }
}
