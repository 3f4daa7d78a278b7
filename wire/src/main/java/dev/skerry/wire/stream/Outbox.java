package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames on their way to the guest, in order; one lock. A frame is written by the thread that brings it as far as the
 * kernel takes it at once; what is left waits here, in bounded memory, for a thread that writes it. So nobody is ever
 * stuck in the middle of a frame: who waits for room can be interrupted, and what must not wait (the reader) never
 * does.
 */
public final class Outbox {
    private static final int ROOM_BYTES = 256 << 10;

    /** Beyond the room, for small frames that may not wait; a guest that lets them pile up does not read. */
    private static final int RESERVE_BYTES = 256 << 10;

    private static final int SCRATCH_BYTES = 4096;
    private static final int KEPT_BYTES = 16 << 10;
    private static final Duration STALL_BOUND = Duration.ofSeconds(60);
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final byte[] NOTHING = {};

    /** The bytes' way out. Never called by two threads at a time. */
    interface Target {
        /** Writes what can be written without waiting. */
        void writeSome(ByteBuffer[] parts) throws IOException;

        /** Writes all of it, however long it takes; closing ends the wait. */
        void writeAll(byte[] bytes, int length) throws IOException;

        void close();
    }

    private final Target target;
    private final Duration stallBound;
    private final Thread.Builder threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final Condition work = lock.newCondition();
    private final ByteBuffer header = ByteBuffer.allocate(Frame.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer scratch = ByteBuffer.allocate(SCRATCH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private byte[] waiting = NOTHING;
    private byte[] spare = NOTHING;
    private int count;
    private boolean drainerLives;
    private boolean drainerWrites;
    private boolean closed;

    Outbox(Target target, Thread.Builder threads) {
        this(target, threads, STALL_BOUND);
    }

    Outbox(Target target, Thread.Builder threads, Duration stallBound) {
        this.stallBound = stallBound;
        this.target = target;
        this.threads = threads;
    }

    /**
     * Sends a frame, after waiting for room. Nothing of it was sent when this throws. After the end of the connection
     * nothing happens.
     *
     * @throws Failure {@code DEADLINE_EXCEEDED} when the guest takes nothing for the stall bound, a minute
     */
    void send(Frame frame, byte[] payload, int offset) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = stallBound.toNanos();
            while (!closed && count > 0 && count + Frame.HEADER_BYTES + frame.length() > ROOM_BYTES) {
                if (left <= 0) {
                    throw new Failure(
                            ErrorCode.DEADLINE_EXCEEDED,
                            "the sandbox took no bytes for " + stallBound.toMillis() + " ms",
                            "is it paused?");
                }
                left = room.awaitNanos(left);
            }
            put(frame, payload, offset);
        } finally {
            lock.unlock();
        }
    }

    /** Sends a small frame without ever waiting. A guest that does not read what it asked for loses the connection. */
    void offer(FrameType type, int channel, int flags, byte[] payload) {
        lock.lock();
        try {
            if (count > ROOM_BYTES + RESERVE_BYTES - SCRATCH_BYTES) {
                breakDown();
            } else {
                put(new Frame(payload.length, channel, type.number(), flags), payload, 0);
            }
        } finally {
            lock.unlock();
        }
    }

    /** From now on everything is dropped, and nobody waits. */
    void close() {
        lock.lock();
        try {
            closed = true;
            count = 0;
            waiting = NOTHING;
            room.signalAll();
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void breakDown() {
        close();
        target.close();
    }

    private void put(Frame frame, byte[] payload, int offset) {
        if (closed) {
            return;
        }
        ByteBuffer[] parts = parts(frame, payload, offset);
        if (count == 0 && !drainerWrites) {
            try {
                target.writeSome(parts);
            } catch (IOException e) {
                breakDown();
                return;
            }
        }
        for (ByteBuffer part : parts) {
            append(part);
        }
        if (count > 0) {
            wakeDrainer();
        }
    }

    /** Small frames as one piece; large ones without a copy. */
    private ByteBuffer[] parts(Frame frame, byte[] payload, int offset) {
        if (frame.length() <= SCRATCH_BYTES - Frame.HEADER_BYTES) {
            frame.write(scratch.clear());
            return new ByteBuffer[] {
                scratch.put(payload, offset, frame.length()).flip()
            };
        }
        frame.write(header.clear());
        return new ByteBuffer[] {header.flip(), ByteBuffer.wrap(payload, offset, frame.length())};
    }

    private void append(ByteBuffer part) {
        int length = part.remaining();
        if (waiting.length - count < length) {
            waiting = Arrays.copyOf(waiting, Math.max(count + length, Math.max(SCRATCH_BYTES, 2 * waiting.length)));
        }
        part.get(waiting, count, length);
        count += length;
    }

    private void wakeDrainer() {
        if (drainerLives) {
            work.signal();
        } else {
            drainerLives = true;
            threads.unstarted(this::drain).start();
        }
    }

    private void drain() {
        for (byte[] block = next(); block.length > 0; block = next()) {
            try {
                target.writeAll(block, blockLength);
            } catch (IOException e) {
                breakDown();
            }
        }
    }

    /** Of the block that the drainer writes; only its thread uses it. */
    private int blockLength;

    /** What the drainer writes next; nothing when it should end. */
    private byte[] next() {
        lock.lock();
        try {
            drainerWrites = false;
            long left = LINGER.toNanos();
            while (count == 0 && !closed && left > 0) {
                left = work.awaitNanos(left);
            }
            if (count == 0) {
                drainerLives = false;
                waiting = waiting.length > KEPT_BYTES ? NOTHING : waiting;
                spare = NOTHING;
                return NOTHING;
            }
            byte[] block = waiting;
            blockLength = count;
            waiting = spare;
            spare = block;
            count = 0;
            drainerWrites = true;
            room.signalAll();
            return block;
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        } finally {
            lock.unlock();
        }
    }
}
