package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A lock between processes and between threads: flock(2) on a file. It ends with the process, however that ends.
 *
 * <p>Not {@code FileChannel.lock}: its locks belong to the process, so that closing any channel on the file gives them
 * away.
 */
public final class LockFile implements AutoCloseable {
    /** Whether others may hold it at the same time. */
    public enum Kind {
        SHARED(Libc.LOCK_SHARED),
        EXCLUSIVE(Libc.LOCK_EXCLUSIVE);

        private final int flag;

        Kind(int flag) {
            this.flag = flag;
        }
    }

    private static final long POLL_NANOS = Duration.ofMillis(10).toNanos();

    private final int descriptor;
    private final AtomicBoolean closed = new AtomicBoolean();

    private LockFile(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Empty if somebody has it. */
    public static Optional<LockFile> tryAcquire(Path file, Kind kind) throws IOException {
        String path = Folder.bytesOf(file);
        int flags = Libc.O_CREAT | Libc.O_RDWR | Libc.O_NOFOLLOW;
        while (true) {
            int descriptor = Folder.check(Libc.openAt(Libc.AT_FDCWD, path, flags, 0600), "open", path);
            int result = Libc.tryLock(descriptor, kind.flag);
            if (result == -NativeError.EAGAIN) {
                Libc.close(descriptor);
                return Optional.empty();
            }
            // Whoever cleaned up may have unlinked the file between our open and our lock.
            boolean current = Libc.stat(Libc.AT_FDCWD, path)
                    .map(FileStat::inode)
                    .equals(Libc.stat(descriptor, "").map(FileStat::inode));
            if (result == 0 && current) {
                return Optional.of(new LockFile(descriptor));
            }
            Libc.close(descriptor);
            Folder.check(result, "lock", path);
        }
    }

    /** Waits for it; {@code what} says in the error message what somebody else is doing. */
    public static LockFile acquire(Path file, Kind kind, Duration timeout, String what) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            Optional<LockFile> lock = tryAcquire(file, kind);
            if (lock.isPresent()) {
                return lock.get();
            }
            if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                throw new Failure(ErrorCode.DEADLINE_EXCEEDED, "interrupted while waiting: " + what);
            }
            if (System.nanoTime() >= deadline) {
                throw new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        what + ", for more than " + timeout.toSeconds() + " s (lock " + file + ")",
                        "wait for the other process, or end it: its lock ends with it");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /** Once: afterwards the number of its descriptor may be another's. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            Libc.close(descriptor);
        }
    }
}
