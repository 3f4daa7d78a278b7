package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One request and everything that belongs to it. The connection's reader puts in, callers take out; one lock, one condition. Bounded:
 * data by its credit, events by {@link #EVENTS_MAX}.
 */
final class GuestChannel {
    static final int STREAMS = 3;
    private static final int EVENTS_MAX = 8192;

    private final GuestConnection connection;
    private final int number;
    private final int window;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ByteRing[] received = new ByteRing[STREAMS];
    private final boolean[] receivedEnd = new boolean[STREAMS];
    private final int[] consumed = new int[STREAMS];
    private final ArrayDeque<Fields> events = new ArrayDeque<>();
    private long sendCredit;
    private Optional<Fields> response = Optional.empty();
    private Optional<Fields> end = Optional.empty();
    private Optional<Failure> failure = Optional.empty();

    GuestChannel(GuestConnection connection, int number, int window) {
        this.connection = connection;
        this.number = number;
        this.window = window;
        this.sendCredit = window;
        for (int stream = 0; stream < STREAMS; stream++) {
            received[stream] = new ByteRing(window);
        }
    }

    int number() {
        return number;
    }

    // What the reader calls.

    void onResponse(Fields fields) throws ProtocolViolation {
        update(() -> {
            if (response.isPresent()) {
                throw new ProtocolViolation("a second response on channel " + number);
            }
            response = Optional.of(fields);
        });
    }

    void onData(int stream, ByteBuffer payload) throws ProtocolViolation {
        update(() -> {
            checkStream(stream);
            if (receivedEnd[stream] || !received[stream].put(payload)) {
                throw new ProtocolViolation("data beyond its credit or end on channel " + number);
            }
        });
    }

    void onEof(int stream) throws ProtocolViolation {
        update(() -> {
            checkStream(stream);
            receivedEnd[stream] = true;
        });
    }

    void onCredit(int stream, long bytes) throws ProtocolViolation {
        update(() -> {
            checkStream(stream);
            sendCredit += bytes;
            if (stream != 0 || sendCredit > window) {
                throw new ProtocolViolation("credit for what was not sent on channel " + number);
            }
        });
    }

    void onEvent(Fields fields) throws ProtocolViolation {
        update(() -> {
            if (events.size() >= EVENTS_MAX) {
                events.removeFirst();
            }
            events.addLast(fields);
        });
    }

    void onEnd(Fields fields) throws ProtocolViolation {
        update(() -> end = Optional.of(fields));
    }

    void onFailure(Failure reason) {
        lock.lock();
        try {
            if (end.isEmpty() && failure.isEmpty()) {
                failure = Optional.of(reason);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void checkStream(int stream) throws ProtocolViolation {
        if (stream >= STREAMS) {
            throw new ProtocolViolation("stream " + stream);
        }
    }

    @FunctionalInterface
    private interface Change {
        void apply() throws ProtocolViolation;
    }

    private void update(Change change) throws ProtocolViolation {
        lock.lock();
        try {
            change.apply();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // What callers call.

    /** Waits for the acceptance of a streaming request. */
    Fields awaitResponse(Duration bound) throws InterruptedException {
        return await(bound, () -> response.or(() -> end));
    }

    /** Waits for the result. */
    Fields awaitEnd(Duration bound) throws InterruptedException {
        return await(bound, () -> end);
    }

    Optional<Fields> pollEnd(Duration bound) throws InterruptedException {
        return poll(bound, () -> end);
    }

    /** An event, or nothing within the bound, or nothing any more. */
    Optional<Fields> pollEvent(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            long left = bound.toNanos();
            while (events.isEmpty() && end.isEmpty() && failure.isEmpty() && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (events.isEmpty() && failure.isPresent()) {
                throw again(failure.get());
            }
            return Optional.ofNullable(events.pollFirst());
        } finally {
            lock.unlock();
        }
    }

    boolean ended() {
        lock.lock();
        try {
            return end.isPresent() || failure.isPresent();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks for at least one byte; -1 at the stream's end. What an earlier call took is acknowledged when the caller is back for more
     * and little is left, so bytes that it could not pass on are never acknowledged.
     */
    int read(int stream, byte[] into, int offset, int length) throws InterruptedException {
        acknowledge(stream, false);
        lock.lockInterruptibly();
        try {
            while (received[stream].count() == 0 && !receivedEnd[stream] && end.isEmpty() && failure.isEmpty()) {
                changed.await();
            }
            int taken = received[stream].take(into, offset, length);
            consumed[stream] += taken;
            if (taken == 0 && !receivedEnd[stream] && failure.isPresent()) {
                throw again(failure.get());
            }
            return taken == 0 ? -1 : taken;
        } finally {
            lock.unlock();
        }
    }

    int available(int stream) {
        lock.lock();
        try {
            return received[stream].count();
        } finally {
            lock.unlock();
        }
    }

    /** Returns credit for what was consumed: when nothing is left to take, or a quarter of the window is due, or all of it is asked for. */
    void acknowledge(int stream, boolean all) {
        int due = 0;
        lock.lock();
        try {
            boolean dry = received[stream].count() == 0;
            if (consumed[stream] > 0 && end.isEmpty() && (all || dry || consumed[stream] >= window / 4)) {
                due = consumed[stream];
                consumed[stream] = 0;
            }
        } finally {
            lock.unlock();
        }
        if (due > 0) {
            connection.sendCredit(number, stream, due);
        }
    }

    /** Waits for credit and takes up to {@code wanted} of it. */
    int takeCredit(int wanted) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (sendCredit == 0 && end.isEmpty() && failure.isEmpty()) {
                changed.await();
            }
            if (failure.isPresent()) {
                throw again(failure.get());
            }
            if (end.isPresent()) {
                throw new Failure(ErrorCode.CONFLICT, "the other end has finished and takes no more bytes");
            }
            int taken = (int) Math.min(wanted, sendCredit);
            sendCredit -= taken;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @FunctionalInterface
    private interface Awaited {
        Optional<Fields> look();
    }

    private Fields await(Duration bound, Awaited awaited) throws InterruptedException {
        return poll(bound, awaited).orElseThrow(() -> {
            connection.cancel(this);
            return new Failure(
                    ErrorCode.DEADLINE_EXCEEDED, "the sandbox did not answer within " + bound.toMillis() + " ms");
        });
    }

    private Optional<Fields> poll(Duration bound, Awaited awaited) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            while (awaited.look().isEmpty() && failure.isEmpty() && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (awaited.look().isEmpty() && failure.isPresent()) {
                throw again(failure.get());
            }
            return awaited.look();
        } catch (InterruptedException e) {
            connection.cancel(this);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** A fresh exception per caller, so that stack traces are the caller's own. */
    private static Failure again(Failure first) {
        return new Failure(first.code(), first.getMessage(), first.hint().orElse(""), first);
    }
}
