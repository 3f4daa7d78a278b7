package dev.skerry.server.leases;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The time for which a lease may be believed. It ends by this process's own monotonic clock, before the lease does by
 * the table's, so whoever acts within it acts alone, as long as clocks run at about the same speed. Where they do not,
 * the fence is what keeps the loser from doing harm. Once over it never begins again. Thread-safe.
 */
public final class Term {
    private final Lease lease;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile long end;
    private volatile boolean over;

    /** @param end on the clock of {@code nanoTime} */
    Term(Lease lease, long end, LongSupplier nanoTime) {
        this.lease = lease;
        this.end = end;
        this.nanoTime = nanoTime;
    }

    public Lease lease() {
        return lease;
    }

    public boolean holds() {
        if (!over && nanoTime.getAsLong() - end >= 0) {
            end();
        }
        return !over;
    }

    /** @throws dev.skerry.wire.Failure {@code NO_CAPACITY} when it is over */
    public void require() {
        if (!holds()) {
            throw Fence.lost(lease);
        }
    }

    /** Has writes refused that are not covered by it, and ends it at the first that is. */
    public Fence fence() {
        Fence fence = Fence.of(lease, this::end);
        return transaction -> {
            require();
            fence.check(transaction);
        };
    }

    /** Prolongs it, unless it is over. */
    void extend(long later) {
        lock.lock();
        try {
            if (holds() && later - end > 0) {
                end = later;
            }
        } finally {
            lock.unlock();
        }
    }

    /** It is over. */
    void end() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void awaitEnd() throws InterruptedException {
        lock.lock();
        try {
            while (holds()) {
                boolean _ = changed.await(Math.max(1, end - nanoTime.getAsLong()), TimeUnit.NANOSECONDS);
            }
        } finally {
            lock.unlock();
        }
    }
}
