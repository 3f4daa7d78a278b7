package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Input on its way to a process, in order and in bounded memory. One thread of its own writes, so that a caller's
 * wait has an end while a process does not read. Thread-safe.
 */
final class ProcessInput {
    private static final int PIECE_BYTES = 64 << 10;
    private static final int ROOM_BYTES = 256 << 10;
    private static final byte[] END = {};

    private final OutputStream target;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
    private int held;
    private boolean writing;
    private boolean closed;
    private @Nullable Exception broken;

    ProcessInput(OutputStream target) {
        this.target = target;
    }

    /**
     * Returns once all of it is on its way.
     *
     * @throws RpcError {@code deadline_exceeded} when there is no room within that time, {@code internal} when it can
     *     take no more input; a part of it may have been taken then
     */
    void write(byte[] bytes, Duration bound) throws InterruptedException {
        long left = bound.toNanos();
        for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
            byte[] piece = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + PIECE_BYTES));
            lock.lockInterruptibly();
            try {
                check();
                while (held + piece.length > ROOM_BYTES) {
                    if (left <= 0) {
                        throw new RpcError(
                                Code.DEADLINE_EXCEEDED,
                                "the process does not read its input: " + at + " of " + bytes.length
                                        + " bytes are on their way");
                    }
                    left = changed.awaitNanos(left);
                    check();
                }
                add(piece);
            } finally {
                lock.unlock();
            }
        }
    }

    /** The end of the input, behind what was written; a second one changes nothing. */
    void close() {
        lock.lock();
        try {
            if (!closed && broken == null) {
                closed = true;
                add(END);
            }
        } finally {
            lock.unlock();
        }
    }

    private void check() {
        if (closed) {
            throw new RpcError(Code.INTERNAL, "error writing to stdin: stdin not enabled or closed");
        }
        if (broken != null) {
            throw new RpcError(Code.INTERNAL, "error writing to stdin: " + broken.getMessage());
        }
    }

    private void add(byte[] piece) {
        pieces.addLast(piece);
        held += piece.length;
        if (!writing) {
            writing = true;
            Thread.ofVirtual().name("process-input").start(this::writeAll);
        }
    }

    private void writeAll() {
        try {
            for (byte[] piece = next(); piece != null; piece = next()) {
                if (piece.length == 0) {
                    target.close();
                } else {
                    target.write(piece);
                }
            }
        } catch (IOException | Failure e) {
            lock.lock();
            try {
                broken = e;
                pieces.clear();
                held = 0;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private byte @Nullable [] next() {
        lock.lock();
        try {
            byte[] piece = pieces.pollFirst();
            if (piece == null) {
                writing = false;
            } else {
                held -= piece.length;
                changed.signalAll();
            }
            return piece;
        } finally {
            lock.unlock();
        }
    }
}
