package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * One request without content over one kept socket, as far as no thread has to wait for anything: it is carried by
 * whichever thread sees that something has come. Answers that are short and of known length end here; whatever else the
 * program says, or fails to say, is for a thread, which goes on from where this has come to.
 */
final class ShortPassage implements Invocable.Task, Callback {
    static final int REQUEST_BYTES_MAX = 8 << 10;
    static final int ANSWER_BYTES_MAX = 16 << 10;

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "OPTIONS", "DELETE");

    /** Who waits for what. A step is done by the one who has changed it to BUSY. */
    private enum State {
        BUSY,
        READING,
        WRITING,
        OVER
    }

    /** What becomes of it. */
    interface End {
        /** The answer is complete. */
        void done(boolean reusable);

        /** Something is left that a thread has to do. */
        void goOn(Rest rest);
    }

    /** What a thread takes over: throws first what is to be thrown. */
    record Rest(
            Forwarding request,
            Upstream upstream,
            Watch watch,
            int sent,
            Optional<AnswerHead> known,
            Optional<Exception> failure) {

        void throwFailure() throws IOException, InterruptedException {
            Exception thrown = failure.orElseThrow();
            switch (thrown) {
                case IOException e -> throw e;
                case InterruptedException e -> throw e;
                case RuntimeException e -> throw e;
                default -> throw new IOException(thrown);
            }
        }
    }

    private final Exchange exchange;
    private final Forwarding request;
    private final Upstream upstream;
    private final SocketLink socket;
    private final Watch watch;
    private final int headBytesMax;
    private final AtomicReference<State> state = new AtomicReference<>(State.BUSY);
    private volatile boolean interrupted;
    private int sent;
    private @Nullable End end;
    private @Nullable AnswerHead answer;
    private boolean begun;
    private long left;

    ShortPassage(Exchange exchange, Forwarding request, Upstream upstream, Watch watch, int headBytesMax) {
        this.exchange = exchange;
        this.request = request;
        this.upstream = upstream;
        this.socket = upstream.socket().orElseThrow();
        this.watch = watch;
        this.headBytesMax = headBytesMax;
    }

    /** Whether it may be tried; a request that must not happen twice, or changes the protocol, is not. */
    static boolean suits(Exchange exchange) {
        return METHODS.contains(exchange.method())
                && !exchange.hasBody()
                && exchange.header("Upgrade").isEmpty()
                && !exchange.header("Accept").orElse("").contains("text/event-stream");
    }

    /** Sends the request. What comes of it may come at once, on another thread. */
    void begin(End told) {
        end = told;
        upstream.begin();
        socket.sweep(watch);
        try {
            ByteBuffer head = ByteBuffer.wrap(request.head().getBytes(StandardCharsets.ISO_8859_1));
            socket.writeNow(head);
            sent = head.position();
            if (head.hasRemaining()) {
                over(Optional.empty());
            } else {
                awaitBytes();
            }
        } catch (IOException e) {
            over(Optional.empty()); // A thread that reads on finds the same, and says so.
        } catch (RuntimeException e) {
            over(Optional.of(e));
        }
    }

    private void awaitBytes() {
        state.set(State.READING);
        if (interrupted) {
            interrupt();
        } else {
            socket.whenReadable(this);
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    /** There is something to read, an end perhaps. */
    @Override
    public void run() {
        if (!state.compareAndSet(State.READING, State.BUSY)) {
            return;
        }
        try {
            if (upstream.fill(socket) < 0) {
                over(broken());
            } else {
                step();
            }
        } catch (BadAnswer e) {
            over(Optional.of(e));
        } catch (IOException e) {
            over(broken());
        } catch (RuntimeException e) {
            over(Optional.of(e));
        }
    }

    /** A thread that reads on finds the same; after a part of the answer has gone on there is nothing to read for. */
    private Optional<Exception> broken() {
        return begun ? Optional.of(BadAnswer.broken("it broke off " + left + " bytes too early")) : Optional.empty();
    }

    private void step() throws IOException {
        if (answer == null) {
            if (!upstream.hasWholeHead()) {
                if (upstream.isFull()) {
                    over(Optional.empty());
                } else {
                    awaitBytes();
                }
                return;
            }
            AnswerHead head = AnswerHead.read(upstream, exchange.method().equals("HEAD"), headBytesMax);
            answer = head;
            if (!isShort(head)) {
                over(Optional.empty());
                return;
            }
            watch.close();
            exchange.response().setStatus(head.status());
            Forwarding.answer(head, exchange.response().getHeaders());
            if (left > 0 && upstream.buffered() == 0) {
                upstream.fill(socket);
            }
        }
        int count = (int) Math.min(left, upstream.buffered());
        if (count == 0 && left > 0 && begun) {
            awaitBytes();
            return;
        }
        state.set(State.WRITING);
        if (interrupted) {
            interrupt();
            return;
        }
        begun = true;
        left -= count;
        exchange.response().write(left == 0, upstream.take(count), this);
    }

    private boolean isShort(AnswerHead head) {
        if (head.status() < 200) {
            return false;
        }
        return switch (head.framing()) {
            case AnswerHead.Framing.None _ -> true;
            case AnswerHead.Framing.Length length -> {
                left = length.bytes();
                yield left <= ANSWER_BYTES_MAX;
            }
            case AnswerHead.Framing.Chunked _, AnswerHead.Framing.Rest _ -> false;
        };
    }

    /** The client has, or will have, what was written. */
    @Override
    public void succeeded() {
        if (!state.compareAndSet(State.WRITING, State.BUSY)) {
            return;
        }
        if (left > 0) {
            awaitBytes();
        } else {
            state.set(State.OVER);
            AnswerHead given = answer;
            end().done(given != null && given.persistent() && !interrupted);
        }
    }

    /** The client has gone. */
    @Override
    public void failed(Throwable cause) {
        if (state.compareAndSet(State.WRITING, State.BUSY)) {
            over(Optional.of(cause instanceof Exception e ? e : new IOException(cause)));
        }
    }

    /** Breaks it off: the sandbox is paused or ends, the client has gone, or the server stops. */
    void interrupt() {
        interrupted = true;
        if (state.compareAndSet(State.READING, State.BUSY) || state.compareAndSet(State.WRITING, State.BUSY)) {
            over(Optional.empty());
        }
        // Whoever is busy sees it at the next step, which never takes long.
    }

    private End end() {
        return Objects.requireNonNull(end);
    }

    /** By whoever is busy. */
    private void over(Optional<Exception> failure) {
        state.set(State.OVER);
        Optional<Exception> why = interrupted ? Optional.of(new InterruptedException("broken off")) : failure;
        end().goOn(new Rest(request, upstream, watch, sent, Optional.ofNullable(answer), why));
    }
}
