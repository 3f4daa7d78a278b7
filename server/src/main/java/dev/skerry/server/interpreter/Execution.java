package dev.skerry.server.interpreter;

import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One run of a cell, between the threads that read its kernel and the one that answers the client. Whoever adds lines
 * waits while 1 MiB of them is not taken, and so at last does the code that prints. Thread-safe.
 */
final class Execution {
    private static final int BYTES_MAX = 1 << 20;

    /** A large one takes part of the sandbox's share of {@link LargeResults} until it is {@link #written}. */
    static final class Line {
        private final byte[] bytes;
        private final boolean large;

        Line(byte[] bytes, boolean large) {
            this.bytes = bytes;
            this.large = large;
        }

        /** Not to be changed. */
        byte[] bytes() {
            return bytes;
        }

        boolean large() {
            return large;
        }
    }

    private final long id;
    private final LargeResults.Share share;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Line> lines = new ArrayDeque<>();
    private long bytes;
    private boolean ended;
    private boolean abandoned;
    private @Nullable Failure failure;

    Execution(long id, LargeResults.Share share) {
        this.id = id;
        this.share = share;
    }

    /** By which the kernel knows it. */
    long id() {
        return id;
    }

    // For those who read the kernel.

    void add(byte[] line) throws InterruptedException {
        add(new Line(line, false));
    }

    void add(Line line) throws InterruptedException {
        lock.lock();
        try {
            while (!abandoned && bytes > 0 && bytes + line.bytes().length > BYTES_MAX) {
                changed.await();
            }
            if (abandoned) {
                written(line);
                return;
            }
            lines.add(line);
            bytes += line.bytes().length;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The sandbox is gone: whoever waits is told so. */
    void fail(Failure cause) {
        lock.lock();
        try {
            failure = failure == null ? cause : failure;
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // For the one who answers.

    /**
     * The next line; empty when none came in that time, or none will come any more.
     *
     * @throws Failure after the last line, when the sandbox ended under the execution
     */
    Optional<Line> next(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            long left = bound.toNanos();
            while (lines.isEmpty() && !ended && left > 0) {
                left = changed.awaitNanos(left);
            }
            Line line = lines.poll();
            if (line == null) {
                if (failure != null) {
                    throw failure;
                }
                return Optional.empty();
            }
            bytes -= line.bytes().length;
            changed.signalAll();
            return Optional.of(line);
        } finally {
            lock.unlock();
        }
    }

    /** Must be called for every line that was taken. */
    void written(Line line) {
        if (line.large()) {
            share.give();
        }
    }

    boolean finished() {
        lock.lock();
        try {
            return ended && lines.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody wants the rest. */
    void abandon() {
        lock.lock();
        try {
            abandoned = true;
            lines.forEach(this::written);
            lines.clear();
            bytes = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean awaitEnd(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            long left = bound.toNanos();
            while (!ended && left > 0) {
                left = changed.awaitNanos(left);
            }
            return ended;
        } finally {
            lock.unlock();
        }
    }
}
