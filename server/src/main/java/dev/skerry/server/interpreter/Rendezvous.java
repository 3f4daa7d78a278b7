package dev.skerry.server.interpreter;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where the two who read a kernel's outputs wait for each other. Each event is announced on both: stdout's reader deals
 * with it once stderr's has come as far, and stderr's goes on when it is dealt with, so what was printed before it is
 * delivered before it. Thread-safe.
 */
final class Rendezvous {
    /** An announcement on stderr can be lost when the code closes the kernel's descriptors. */
    private static final Duration BOUND = Duration.ofSeconds(10);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long outAt;
    private long outSeen;
    private long errAt;
    private boolean outEnded;
    private boolean errEnded;

    /** Stdout's reader is at an event. */
    void outArrives(long number) throws InterruptedException {
        lock.lock();
        try {
            outSeen = number;
            changed.signalAll();
            long left = BOUND.toNanos();
            while (errAt < number && !errEnded && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stdout's reader has dealt with it. */
    void outDone(long number) {
        lock.lock();
        try {
            outAt = number;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Stderr's reader is at an event. */
    void errArrives(long number) throws InterruptedException {
        lock.lock();
        try {
            errAt = number;
            changed.signalAll();
            // One that was cut off after its announcement here does not come any more.
            while (outAt < number && outSeen <= number && !outEnded) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** One of them has read everything; true for the second. */
    boolean ends(boolean out) {
        lock.lock();
        try {
            outEnded |= out;
            errEnded |= !out;
            changed.signalAll();
            return outEnded && errEnded;
        } finally {
            lock.unlock();
        }
    }
}
