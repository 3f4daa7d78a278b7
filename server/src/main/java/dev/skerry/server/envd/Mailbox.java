package dev.skerry.server.envd;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way to the one who passes them on to a client, in bounded memory: whoever tells more than fits waits.
 * Thread-safe.
 */
final class Mailbox<E> {
    /** What an event costs besides its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    private record Entry<E>(E event, int cost) {}

    private final int roomBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Entry<E>> entries = new ArrayDeque<>();
    private int held;
    private @Nullable Supplier<? extends RuntimeException> end;

    Mailbox(int roomBytes) {
        this.roomBytes = roomBytes;
    }

    /** Waits for room; false when there was none in that time, or it is closed. */
    boolean offer(E event, int bytes, Duration bound) throws InterruptedException {
        int cost = bytes + OVERHEAD_BYTES;
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            while (end == null && held > 0 && held + cost > roomBytes) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            if (end != null) {
                return false;
            }
            add(event, cost);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Without waiting, whatever is held already; for the few that come last. */
    void force(E event) {
        lock.lock();
        try {
            if (end == null) {
                add(event, OVERHEAD_BYTES);
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(E event, int cost) {
        entries.addLast(new Entry<>(event, cost));
        held += cost;
        changed.signalAll();
    }

    /** What is held is still delivered; who comes for more gets this. The first end counts. */
    void close(Supplier<? extends RuntimeException> reason) {
        lock.lock();
        try {
            if (end == null) {
                end = reason;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #close}, and what is held is not delivered either. */
    void cut(Supplier<? extends RuntimeException> reason) {
        lock.lock();
        try {
            close(reason);
            entries.clear();
            held = 0;
        } finally {
            lock.unlock();
        }
    }

    /** The next event, if one comes in that time. Throws what it was closed with. */
    Optional<E> poll(Duration bound) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            while (entries.isEmpty() && end == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            Optional<Entry<E>> first = Optional.ofNullable(entries.pollFirst());
            if (first.isEmpty() && end != null) {
                throw end.get();
            }
            first.ifPresent(entry -> held -= entry.cost);
            changed.signalAll();
            return first.map(Entry::event);
        } finally {
            lock.unlock();
        }
    }
}
