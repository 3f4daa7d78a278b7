package dev.skerry.server.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A pipe from one program's stdout to another one's stdin, with a thread that writes. Like a pipe it holds 64 KiB, and
 * holds up who writes more; unlike one it does so until a point in time, after which it takes everything and passes
 * nothing on. So whatever the programs do, and whoever of them dies, nobody waits for ever. Thread-safe.
 */
final class Conduit {
    static final int BYTES_MAX = 64 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<byte[]> chunks = new ArrayDeque<>();
    private final OutputStream to;
    private final long endNanos;
    private final Thread pump;
    private int held;
    private boolean finished;
    private boolean broken;

    /** @param endNanos by {@link System#nanoTime} */
    Conduit(OutputStream to, long endNanos) {
        this.to = to;
        this.endNanos = endNanos;
        this.pump = Thread.ofVirtual().name("job-conduit").start(this::pump);
    }

    /** Waits while it is full. Interrupting the caller breaks it. */
    void put(byte[] bytes) {
        lock.lock();
        try {
            while (held >= BYTES_MAX && !broken) {
                if (changed.awaitNanos(endNanos - System.nanoTime()) <= 0) {
                    broken = true;
                }
            }
            if (!broken && !finished) {
                chunks.add(bytes.clone());
                held += bytes.length;
            }
        } catch (InterruptedException e) {
            broken = true;
            Thread.currentThread().interrupt();
        } finally {
            changed.signalAll();
            lock.unlock();
        }
    }

    /** Nothing more comes: what is held is passed on, then the end. */
    void finish() {
        lock.lock();
        try {
            finished = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody reads any more: what comes is dropped. */
    void breakOff() {
        lock.lock();
        try {
            broken = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        pump.interrupt();
    }

    private Optional<byte[]> take() throws InterruptedException {
        lock.lock();
        try {
            while (chunks.isEmpty() && !finished && !broken) {
                if (changed.awaitNanos(endNanos - System.nanoTime()) <= 0) {
                    broken = true;
                }
            }
            return broken ? Optional.empty() : Optional.ofNullable(chunks.peek());
        } finally {
            lock.unlock();
        }
    }

    private void passed(byte[] chunk) {
        lock.lock();
        try {
            chunks.remove();
            held -= chunk.length;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void pump() {
        try (to) {
            Optional<byte[]> chunk = take();
            while (chunk.isPresent()) {
                to.write(chunk.get());
                to.flush();
                passed(chunk.get());
                chunk = take();
            }
        } catch (IOException e) {
            // Its reader has gone, which is for the judge to see.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.lock();
            try {
                broken = true;
                chunks.clear();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
