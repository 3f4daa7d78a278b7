package dev.skerry.host.drivers;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A resident process that forks shims. Starting a process from a JVM costs 4 to 7 ms; asking this one costs a fork of a
 * program that has a few pages. It ends with the JVM, the shims do not. Thread-safe: one request at a time.
 */
public final class Spawner implements AutoCloseable {
    private static final int ANSWER_BYTES = 16;
    private static final int EINVAL = 22;

    private final Process process;
    private final OutputStream requests;
    private final DataInputStream answers;
    private final ReentrantLock turn = new ReentrantLock();

    private Spawner(Process process) {
        this.process = process;
        this.requests = process.getOutputStream();
        this.answers = new DataInputStream(process.getInputStream());
    }

    /**
     * A shim that was forked.
     *
     * @param startTicks when it started, in clock ticks since boot (field 22 of proc_pid_stat(5)): with the pid, its
     *     identity
     */
    public record ShimProcess(long pid, long startTicks) {}

    public static Spawner start(Path guestd) {
        try {
            Process process = new ProcessBuilder(guestd.toString(), "spawner")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new Spawner(process);
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, "cannot start " + guestd, "build it with: make -C native", e);
        }
    }

    /** Forks a shim that carries the plan out; returns as soon as its socket accepts connections. */
    public ShimProcess spawn(ShimPlan plan) {
        byte[] fields = plan.encode();
        ByteBuffer request = ByteBuffer.allocate(4 + fields.length).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(fields.length).put(fields);
        ByteBuffer answer = ByteBuffer.allocate(ANSWER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        turn.lock();
        try {
            requests.write(request.array());
            requests.flush();
            answers.readFully(answer.array());
        } catch (IOException e) {
            throw new Failure(ErrorCode.INTERNAL, "the spawner process is gone", e);
        } finally {
            turn.unlock();
        }
        int errno = answer.getInt();
        if (errno != 0) {
            throw new Failure(
                    errno == EINVAL ? ErrorCode.INTERNAL : ErrorCode.NO_CAPACITY,
                    "the spawner cannot start a shim (errno " + errno + ")");
        }
        return new ShimProcess(Integer.toUnsignedLong(answer.getInt()), answer.getLong());
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        try {
            requests.close();
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
