package dev.skerry.host.uids;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock file for all threads of all processes. A file lock belongs to the whole process and ends when any descriptor
 * of the file is closed (fcntl_locking(2)), so within the process one lock comes before it and covers opening and
 * closing. The kernel frees the file lock of a process that dies.
 */
final class ClaimLock {
    static final Duration WAIT_MAX = Duration.ofSeconds(5);

    private static final long NAP_NANOS = 100_000;

    /** Of the process: several objects may stand for one file. */
    private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock();

    private final Path file;
    private final Duration waitMax;

    ClaimLock(Path file, Duration waitMax) {
        this.file = file;
        this.waitMax = waitMax;
    }

    /** What is done while the lock is held. */
    interface Work<T> {
        T run() throws IOException;
    }

    /**
     * An interrupt does not end the wait but is kept for the caller: ranges are released by threads that were told to
     * end.
     */
    <T> T holding(Work<T> work) {
        long end = System.nanoTime() + waitMax.toNanos();
        boolean interrupted = lockThisProcess(end);
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (channel.tryLock() == null) {
                if (System.nanoTime() - end >= 0) {
                    throw busy();
                }
                interrupted |= Thread.interrupted();
                LockSupport.parkNanos(NAP_NANOS);
            }
            return work.run();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.INTERNAL, "the claims of user ids at " + file + " failed: " + e.getMessage(), e);
        } finally {
            IN_THIS_PROCESS.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** @return whether the thread was interrupted meanwhile */
    private boolean lockThisProcess(long end) {
        boolean interrupted = false;
        while (true) {
            try {
                if (IN_THIS_PROCESS.tryLock(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return interrupted;
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                throw busy();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    private Failure busy() {
        return new Failure(
                ErrorCode.DEADLINE_EXCEEDED,
                "the lock " + file + " was not free within " + waitMax.toMillis() + " ms",
                "a stopped process may hold it: see /proc/locks");
    }
}
