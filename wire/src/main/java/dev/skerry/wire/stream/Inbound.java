package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.ProtocolViolation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One received stream of a channel: the connection's reader puts, one consumer at a time takes. Holds no more than the
 * credit that was given. Offsets are guarded by one lock; bytes are copied outside of it, so that neither side waits
 * for the other's copy.
 */
final class Inbound {
    /** Sends credit to the guest. */
    @FunctionalInterface
    interface Credit {
        void give(int bytes);
    }

    private final int window;
    private final boolean eager;
    private final Stall stall;
    private final Credit credit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ReentrantLock consumer = new ReentrantLock();
    private final ByteRing ring;
    private long most = Long.MAX_VALUE;
    private long announced;
    private long received;
    private long taken;
    private long credited;
    private boolean ended;
    private boolean finished;
    private boolean dropped;
    private @Nullable Failure failure;

    /** What {@link #await} found; only whoever holds {@link #consumer} uses it. */
    private byte[] view = {};

    /**
     * @param window the first credit, a power of two
     * @param eager credit is returned as soon as nothing is left to take, because it is an acknowledgement
     */
    Inbound(int window, boolean eager, Stall stall, Credit credit) {
        this.window = window;
        this.eager = eager;
        this.stall = stall;
        this.credit = credit;
        this.ring = new ByteRing(window);
    }

    // What the reader calls.

    /** A DATA frame of that many bytes begins. */
    void announce(int length) throws ProtocolViolation {
        lock.lock();
        try {
            announced += length;
            if (ended || announced > credited + window) {
                throw new ProtocolViolation(ended ? "data behind the end of its stream" : "data beyond its credit");
            }
            checkMost();
        } finally {
            lock.unlock();
        }
    }

    private void checkMost() throws ProtocolViolation {
        if (announced > most) {
            throw new ProtocolViolation("more than the " + most + " bytes that were asked for");
        }
    }

    /** Bytes of a frame that was announced. */
    void put(ByteBuffer piece) {
        int length = piece.remaining();
        byte[] memory;
        long at;
        lock.lock();
        try {
            if (failure != null) {
                return;
            }
            at = received;
            memory = ring.room(taken, at, at + length);
        } finally {
            lock.unlock();
        }
        ByteRing.put(memory, at, piece);
        lock.lock();
        try {
            if (!dropped) {
                received += length;
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    void end() throws ProtocolViolation {
        lock.lock();
        try {
            if (ended) {
                throw new ProtocolViolation("a second end of a stream");
            }
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The channel has ended well: nothing more comes. */
    void finish() {
        lock.lock();
        try {
            ended = true;
            finished = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean hasEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Bytes that the guest has sent, whoever has taken them. */
    long announced() {
        lock.lock();
        try {
            return announced;
        } finally {
            lock.unlock();
        }
    }

    /** @param drop what was not taken yet is not for this consumer any more */
    void fail(Failure reason, boolean drop) {
        lock.lock();
        try {
            if (failure == null && !(ended && !drop)) {
                failure = reason;
                if (drop) {
                    dropped = true;
                    received = taken;
                    ring.free();
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // What consumers call.

    /** So many were asked for: more end the connection, now or later. */
    void atMost(long bytes) throws ProtocolViolation {
        lock.lock();
        try {
            most = bytes;
            checkMost();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks for at least one byte; -1 at the end. What an earlier call took is acknowledged when the caller is back
     * for more, so bytes that it could not pass on never are.
     */
    int read(byte[] into, int offset, int length) throws InterruptedException {
        consumer.lockInterruptibly();
        try {
            acknowledge(false);
            int available = await();
            if (available <= 0) {
                return -1;
            }
            int count = Math.min(available, length);
            ByteRing.copy(view, taken, into, offset, count);
            take(count);
            return count;
        } finally {
            consumer.unlock();
        }
    }

    /** Passes the rest of the stream on, straight from the received bytes. */
    long transferTo(OutputStream out) throws InterruptedException, IOException {
        consumer.lockInterruptibly();
        try {
            long total = 0;
            acknowledge(false);
            for (int available = await(); available > 0; available = await()) {
                int at = ByteRing.index(view, taken);
                int count = Math.min(available, view.length - at);
                out.write(view, at, count);
                take(count);
                total += count;
                acknowledge(false);
            }
            return total;
        } finally {
            consumer.unlock();
        }
    }

    int available() {
        lock.lock();
        try {
            return (int) (received - taken);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns credit for what was taken: when a quarter of the window is due, or all of it is asked for, or nothing is
     * left to take.
     */
    void acknowledge(boolean all) {
        int due = 0;
        lock.lock();
        try {
            boolean dry = eager && received == taken;
            long owed = taken - credited;
            // Of eager streams the guest keeps the bytes beyond the end, until they are acknowledged.
            if (owed > 0 && failure == null && (eager || !finished) && (all || dry || owed >= window / 4)) {
                due = (int) owed;
                credited = taken;
            }
        } finally {
            lock.unlock();
        }
        if (due > 0) {
            credit.give(due);
        }
    }

    /** Waits for bytes; 0 at the end. */
    private int await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = stall.nanos();
            while (received == taken && !ended && failure == null) {
                left = stall.await(changed, left);
            }
            if (received == taken && failure != null) {
                throw again(failure);
            }
            view = ring.memory();
            return (int) (received - taken);
        } finally {
            lock.unlock();
        }
    }

    private void take(int count) {
        lock.lock();
        try {
            if (dropped && failure != null) {
                // Somebody else gets these bytes.
                throw again(failure);
            }
            taken += count;
        } finally {
            lock.unlock();
        }
    }

    /** A fresh exception per caller, so that stack traces are the caller's own. */
    static Failure again(Failure first) {
        return new Failure(first.code(), first.getMessage(), first.hint().orElse(""), first);
    }

    static Failure interrupted(String doing, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Failure(ErrorCode.SANDBOX_GONE, "interrupted while " + doing + " a sandbox", e);
    }
}
