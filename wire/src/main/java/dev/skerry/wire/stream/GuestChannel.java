package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Op;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and everything that belongs to it. The connection's reader puts in, callers take out. One lock for
 * answers, events and credit to send; each received stream has its own. Bounded: data by its credit, events by their
 * queue.
 */
final class GuestChannel {
    private final GuestConnection connection;
    private final int number;
    private final Op op;
    private final Inbound[] inbound;
    private final Stall stall;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition answered = lock.newCondition();
    private final Condition eventful = lock.newCondition();
    private final Condition creditable = lock.newCondition();
    private final EventQueue events = new EventQueue();
    private long sendCredit;
    private @Nullable Fields response;
    private @Nullable Fields end;
    private @Nullable Failure failure;
    private boolean closed;
    private volatile boolean abandoned;

    GuestChannel(GuestConnection connection, int number, Op op) {
        this.connection = connection;
        this.number = number;
        this.op = op;
        Op.Streams streams = op.streams();
        this.sendCredit = streams.sendWindow();
        // A process may be quiet and deaf for as long as it likes; a file may not.
        this.stall = streams == Op.Streams.DOWNLOAD || streams == Op.Streams.UPLOAD
                ? Stall.after(connection.stallBound)
                : Stall.never();
        this.inbound = new Inbound[streams.received()];
        for (int i = 0; i < inbound.length; i++) {
            int stream = i + 1;
            inbound[i] = new Inbound(
                    streams.receiveWindow(),
                    streams == Op.Streams.PROCESS,
                    stall,
                    bytes -> connection.sendCredit(number, stream, bytes));
        }
    }

    int number() {
        return number;
    }

    /** @param stream 1 or 2, one that the operation has */
    Inbound inbound(int stream) {
        return inbound[stream - 1];
    }

    // What the reader calls.

    void onResponse(Fields fields) throws ProtocolViolation {
        lock.lock();
        try {
            if (response != null || !op.streaming()) {
                throw new ProtocolViolation("a response too many to " + op);
            }
            response = fields;
            answered.signalAll();
        } finally {
            lock.unlock();
        }
        if (abandoned) {
            connection.sendKill(fields.require(Tag.PROCESS));
            cancel();
        }
    }

    Consumer<ByteBuffer> onData(int stream, int length) throws ProtocolViolation {
        Inbound target = accepted(stream);
        target.announce(length);
        return target::put;
    }

    void onEof(int stream) throws ProtocolViolation {
        accepted(stream).end();
    }

    private Inbound accepted(int stream) throws ProtocolViolation {
        if (stream < 1 || stream > inbound.length || response == null) {
            throw new ProtocolViolation("bytes of stream " + stream + ", which " + op + " does not have");
        }
        return inbound[stream - 1];
    }

    void onCredit(int stream, long bytes) throws ProtocolViolation {
        lock.lock();
        try {
            sendCredit += bytes;
            if (stream != 0 || sendCredit > op.streams().sendWindow()) {
                throw new ProtocolViolation("credit to " + op + " for what was not sent");
            }
            creditable.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void onEvent(Fields fields, int length) throws ProtocolViolation {
        lock.lock();
        try {
            if (op != Op.WATCH || response == null) {
                throw new ProtocolViolation("an event for " + op);
            }
            if (failure == null) {
                events.add(Watch.Change.of(fields), length);
                eventful.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void onEnd(Fields fields) throws ProtocolViolation {
        boolean cancelled = fields.number(Tag.CANCELLED, 0) != 0;
        if (!cancelled && op.streaming() && response == null) {
            throw new ProtocolViolation("an end of " + op + " before its response");
        }
        if (!cancelled && op == Op.READ) {
            Inbound content = inbound(1);
            if (!content.hasEnded() || content.announced() != fields.require(Tag.SIZE)) {
                throw new ProtocolViolation(
                        "the end of a file after " + content.announced() + " bytes, which says otherwise");
            }
        }
        if (cancelled) {
            close(null, LetGo.failure(op), true);
        } else {
            close(fields, null, false);
        }
    }

    /** An ERROR of the guest, or the end of the connection. */
    void onFailure(Failure reason) {
        close(null, reason, false);
    }

    private void close(@Nullable Fields result, @Nullable Failure reason, boolean drop) {
        lock.lock();
        try {
            closed = true;
            if (failure == null && end == null) {
                end = result;
                failure = reason;
            }
            answered.signalAll();
            eventful.signalAll();
            creditable.signalAll();
        } finally {
            lock.unlock();
        }
        for (Inbound stream : inbound) {
            if (reason == null) {
                stream.finish();
            } else {
                stream.fail(reason, drop);
            }
        }
    }

    // What callers call.

    /** Waits for the acceptance of a streaming request. */
    Fields awaitResponse(Duration bound) throws InterruptedException {
        return awaitOrGiveUp(bound, true);
    }

    /** Waits for the result. */
    Fields awaitEnd(Duration bound) throws InterruptedException {
        return awaitOrGiveUp(bound, false);
    }

    private Fields awaitOrGiveUp(Duration bound, boolean forResponse) throws InterruptedException {
        Optional<Fields> found;
        try {
            found = await(bound, forResponse);
        } catch (InterruptedException e) {
            giveUp();
            throw e;
        }
        return found.orElseThrow(() -> {
            giveUp();
            return new Failure(
                    ErrorCode.DEADLINE_EXCEEDED, "the sandbox did not answer within " + bound.toMillis() + " ms");
        });
    }

    /** Waits for the result, and leaves the channel as it is when it does not come. */
    Optional<Fields> pollEnd(Duration bound) throws InterruptedException {
        return await(bound, false);
    }

    private Optional<Fields> await(Duration bound, boolean forResponse) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            Fields found = forResponse ? response : end;
            while (found == null && failure == null && left > 0) {
                left = answered.awaitNanos(left);
                found = forResponse ? response : end;
            }
            if (found == null && failure != null) {
                throw Inbound.again(failure);
            }
            return Optional.ofNullable(found);
        } finally {
            lock.unlock();
        }
    }

    /** An event, or nothing within the bound, or nothing any more. */
    Optional<Watch.Change> pollEvent(Duration bound) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = bound.toNanos();
            while (events.isEmpty() && !closed && failure == null && left > 0) {
                left = eventful.awaitNanos(left);
            }
            if (events.isEmpty() && failure != null) {
                throw Inbound.again(failure);
            }
            return events.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for credit and takes up to {@code wanted} of it. */
    int takeCredit(int wanted) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = stall.nanos();
            while (sendCredit == 0 && !closed && failure == null) {
                left = stall.await(creditable, left);
            }
            if (failure != null) {
                throw Inbound.again(failure);
            }
            if (closed) {
                throw new Failure(ErrorCode.CONFLICT, "the other end has finished and takes no more bytes");
            }
            int taken = (int) Math.min(wanted, sendCredit);
            sendCredit -= taken;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing more can come of it. */
    boolean ended() {
        lock.lock();
        try {
            return closed || failure != null;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the channel go: nobody waits on it any longer, and the guest is told unless it had ended. */
    void cancel() {
        boolean first;
        lock.lock();
        try {
            first = !closed && failure == null;
            if (first) {
                failure = LetGo.failure(op);
                answered.signalAll();
                eventful.signalAll();
                creditable.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (first) {
            for (Inbound stream : inbound) {
                stream.fail(LetGo.failure(op), true);
            }
            connection.sendCancel(number);
        }
    }

    /**
     * The caller could not wait for the answer. A process must not be left running that nobody knows: if it starts
     * after all, it is killed.
     */
    private void giveUp() {
        boolean starting;
        lock.lock();
        try {
            starting = op == Op.EXEC && response == null && !closed && failure == null;
            abandoned = starting;
            if (!starting && op == Op.EXEC && response != null) {
                connection.sendKill(response.number(Tag.PROCESS, 0));
            }
        } catch (ProtocolViolation e) {
            connection.broken(e);
            return;
        } finally {
            lock.unlock();
        }
        if (!starting) {
            cancel();
        }
    }

    /** What those hear who use a channel that was given up. */
    private static final class LetGo {
        private LetGo() {}

        static Failure failure(Op op) {
            return switch (op) {
                case EXEC, ATTACH ->
                    new Failure(ErrorCode.CONFLICT, "the process was let go, or another connection shows it");
                default -> new Failure(ErrorCode.CONFLICT, "the operation was given up");
            };
        }
    }
}
