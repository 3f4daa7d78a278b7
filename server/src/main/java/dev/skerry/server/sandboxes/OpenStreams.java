package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The answers that are being given for one incarnation of a sandbox, each by a thread. Before a sandbox is paused they
 * are given a little time to end, and are interrupted then. Thread-safe.
 */
public final class OpenStreams {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition fewer = lock.newCondition();
    private final Set<Entry> entries = new HashSet<>();
    private final Set<Runnable> idle = new HashSet<>();
    private boolean closed;

    /** One of them; closing it means that its thread is done. */
    public final class Entry implements AutoCloseable {
        private @Nullable Thread thread;
        private Runnable interrupt;
        private boolean endless;

        private Entry(@Nullable Thread thread, Runnable interrupt) {
            this.thread = thread;
            this.interrupt = interrupt;
        }

        /** What was begun without a thread is the calling thread's from now on. */
        public void goOn() {
            Thread current = Thread.currentThread();
            lock.lock();
            try {
                thread = current;
                interrupt = current::interrupt;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                entries.remove(this);
                fewer.signalAll();
                // An interrupt that came for this answer is not meant for what the thread does next.
                if (closed && thread == Thread.currentThread()) {
                    Thread.interrupted();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Enters the calling thread.
     *
     * @throws Failure {@code NOT_FOUND} once the sandbox is being paused or ended
     */
    public Entry enter() {
        Thread current = Thread.currentThread();
        return enter(current, current::interrupt);
    }

    /**
     * Enters an answer that no thread gives.
     *
     * @param interrupt breaks it off; must not block
     * @throws Failure as {@link #enter()}
     */
    public Entry enter(Runnable interrupt) {
        return enter(null, interrupt);
    }

    private Entry enter(@Nullable Thread thread, Runnable interrupt) {
        lock.lock();
        try {
            if (closed) {
                throw new Failure(ErrorCode.NOT_FOUND, "the sandbox is being paused or ended");
            }
            Entry entry = new Entry(thread, interrupt);
            entries.add(entry);
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The answer that the calling thread gives goes on until its client or the sandbox ends it, so a pause does not
     * wait for it.
     */
    public void endless() {
        lock.lock();
        try {
            for (Entry entry : entries) {
                if (entry.thread == Thread.currentThread()) {
                    entry.endless = true;
                    if (closed) {
                        entry.interrupt.run();
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * What is kept open between answers (idle connections to programs inside) is let go by that action, once, when the
     * sandbox is about to be paused or ended. It must not block.
     *
     * @return whether it was taken: not while the sandbox is being paused or ended
     */
    public boolean letGoBeforePause(Runnable action) {
        lock.lock();
        try {
            return !closed && idle.add(action);
        } finally {
            lock.unlock();
        }
    }

    /** It has let go by itself. */
    public void forget(Runnable action) {
        lock.lock();
        try {
            idle.remove(action);
        } finally {
            lock.unlock();
        }
    }

    public int size() {
        lock.lock();
        try {
            return entries.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets nobody in any more, interrupts those that are endless, waits until all are out, and interrupts those that
     * are not within that time.
     */
    public void drain(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            idle.forEach(Runnable::run);
            idle.clear();
            entries.stream().filter(entry -> entry.endless).forEach(entry -> entry.interrupt.run());
            long left = bound.toNanos();
            while (!entries.isEmpty() && left > 0) {
                left = fewer.awaitNanos(left);
            }
            entries.forEach(entry -> entry.interrupt.run());
            long second = TimeUnit.SECONDS.toNanos(1);
            while (!entries.isEmpty() && second > 0) {
                second = fewer.awaitNanos(second);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets nobody in any more and interrupts those that are in, without waiting for them. */
    public void shut() {
        lock.lock();
        try {
            closed = true;
            entries.forEach(entry -> entry.interrupt.run());
        } finally {
            lock.unlock();
        }
    }

    /** Lets callers in again, after a pause that failed or has ended. */
    public void reopen() {
        lock.lock();
        try {
            closed = false;
        } finally {
            lock.unlock();
        }
    }
}
