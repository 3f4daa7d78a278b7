package dev.skerry.host.drivers;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A resident process that forks shims. Starting a process from a JVM costs 4 to 7 ms; asking this one costs a fork of a
 * program that has a few pages. It ends with the JVM, the shims do not. One that has died is replaced, and so is one
 * that does not answer. Thread-safe: one request at a time.
 */
public final class Spawner implements AutoCloseable {
    private static final int ANSWER_BYTES = 16;
    private static final int EINVAL = 22;

    private final Path guestd;
    private final ReentrantLock turn = new ReentrantLock();
    private Process process;
    private boolean usable = true;

    private Spawner(Path guestd) {
        this.guestd = guestd;
        this.process = start(guestd.toString());
    }

    /**
     * A shim that was forked.
     *
     * @param startTicks when it started, in clock ticks since boot (field 22 of proc_pid_stat(5)): with the pid, its
     *     identity
     */
    public record ShimProcess(long pid, long startTicks) {}

    public static Spawner start(Path guestd) {
        return new Spawner(guestd);
    }

    private static Process start(String guestd) {
        try {
            return new ProcessBuilder(guestd, "spawner")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, "cannot start " + guestd, "build it with: make -C native", e);
        }
    }

    /**
     * Forks a shim that carries the plan out; returns as soon as its socket accepts connections.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} when no answer came in time, {@code INTERNAL} when the process died
     *     over it; a shim may have been forked all the same, and the caller removes whatever is left
     */
    public ShimProcess spawn(ShimPlan plan, Duration bound) {
        byte[] fields = plan.encode();
        ByteBuffer request = ByteBuffer.allocate(4 + fields.length).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(fields.length).put(fields);
        ByteBuffer answer = ask(request.array(), bound);
        int errno = answer.getInt();
        if (errno != 0) {
            throw new Failure(
                    errno == EINVAL ? ErrorCode.INTERNAL : ErrorCode.NO_CAPACITY,
                    "the spawner cannot start a shim (errno " + errno + ")");
        }
        return new ShimProcess(Integer.toUnsignedLong(answer.getInt()), answer.getLong());
    }

    private ByteBuffer ask(byte[] request, Duration bound) {
        try {
            if (!turn.tryLock(bound.toNanos(), TimeUnit.NANOSECONDS)) {
                throw late(bound);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while a sandbox was starting", e);
        }
        try {
            if (!usable || !process.isAlive()) {
                process = start(guestd.toString());
            }
            // Not until it has answered: one that is being killed may look alive for a moment.
            usable = false;
            ByteBuffer answer = exchange(process, request, bound);
            usable = true;
            return answer;
        } finally {
            turn.unlock();
        }
    }

    /** A pipe has no timeout: the other end is killed instead, and the next request starts another. */
    private static ByteBuffer exchange(Process process, byte[] request, Duration bound) {
        AtomicBoolean late = new AtomicBoolean();
        Thread guard = Thread.ofVirtual().name("spawner-guard").start(() -> {
            try {
                Thread.sleep(bound);
                late.set(true);
                process.destroyForcibly();
            } catch (InterruptedException e) {
                // The answer came.
                Thread.currentThread().interrupt();
            }
        });
        try {
            process.getOutputStream().write(request);
            process.getOutputStream().flush();
            byte[] answer = process.getInputStream().readNBytes(ANSWER_BYTES);
            if (answer.length < ANSWER_BYTES) {
                throw new EOFException("it ended");
            }
            return ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            process.destroyForcibly();
            throw late.get()
                    ? late(bound)
                    : new Failure(ErrorCode.INTERNAL, "the spawner process died over a request", "try again", e);
        } finally {
            guard.interrupt();
        }
    }

    private static Failure late(Duration bound) {
        return new Failure(
                ErrorCode.DEADLINE_EXCEEDED, "the spawner did not answer within " + bound.toMillis() + " ms");
    }

    /** Of the one that answers now. */
    public long pid() {
        turn.lock();
        try {
            return process.pid();
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void close() {
        turn.lock();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            turn.unlock();
        }
    }
}
