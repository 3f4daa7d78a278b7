package dev.skerry.host.pools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * What all processes of the machine left idle lately, by the first line of {@code /proc/stat} (proc_stat(5)), less what
 * has begun since. So jobs that only wait keep no pool from being filled, and a burst of them does at once.
 */
final class HostSpare implements Spare {
    /** The file counts in hundredths of a second; less would be too coarse. */
    private static final long SAMPLE_NANOS = 100_000_000L;

    /** So much of a processor may be used, and it still counts as idle. */
    private static final double ALMOST = 0.3;

    private static final int IDLE_FIELD = 4;
    private static final int IOWAIT_FIELD = 5;
    private static final int FIELDS_END = 9;

    private final Path stat;
    private final int processors;
    private final LongSupplier nanoClock;
    private final ReentrantLock lock = new ReentrantLock();
    private Sample last;
    private double idle;
    private int begun;

    HostSpare(Path stat, int processors, LongSupplier nanoClock) {
        this.stat = stat;
        this.processors = processors;
        this.nanoClock = nanoClock;
        this.last = read();
        this.idle = processors;
    }

    static HostSpare of(int processors) {
        return new HostSpare(Path.of("/proc/stat"), processors, System::nanoTime);
    }

    private record Sample(long at, long idleTicks, long allTicks) {}

    @Override
    public void begins() {
        lock.lock();
        try {
            begun++;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int processors(int busy) {
        lock.lock();
        try {
            if (nanoClock.getAsLong() - last.at() >= SAMPLE_NANOS) {
                Sample next = read();
                long passed = next.allTicks() - last.allTicks();
                idle = passed <= 0 ? 0 : processors * (double) (next.idleTicks() - last.idleTicks()) / passed;
                last = next;
                begun = 0;
            }
            return Math.max(0, (int) (idle - Math.min(begun, busy) + ALMOST));
        } finally {
            lock.unlock();
        }
    }

    private Sample read() {
        try {
            String text = Files.readString(stat);
            String[] fields = text.substring(0, text.indexOf('\n')).split(" +", -1);
            long all = 0;
            // Guest time, in the last fields, is in user time too.
            for (int i = 1; i < Math.min(FIELDS_END, fields.length); i++) {
                all += Long.parseLong(fields[i]);
            }
            long idleTicks = Long.parseLong(fields[IDLE_FIELD]) + Long.parseLong(fields[IOWAIT_FIELD]);
            return new Sample(nanoClock.getAsLong(), idleTicks, all);
        } catch (IOException e) {
            // Then nothing is idle, and pools are filled while no job runs.
            return new Sample(nanoClock.getAsLong(), 0, 0);
        }
    }
}
