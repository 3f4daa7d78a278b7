package dev.skerry.server.http;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.Callback;

/**
 * Gives each request a virtual thread of its own, that nobody has used before and nobody uses after: an interrupt for
 * one request never reaches another. Requests whose handler needs none go without.
 */
final class Entry extends org.eclipse.jetty.server.Handler.Abstract.NonBlocking {
    private static final long POLL_NANOS = 5_000_000;
    private static final int CAUSES_MAX = 20;
    private static final Duration DISCARD_BOUND = Duration.ofSeconds(5);
    private static final long DISCARD_BYTES_MAX = 64L << 20;

    private final Handler root;
    private final RequestBound bound;
    private final Room room;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final Set<Turn> turns = ConcurrentHashMap.newKeySet();
    private final Onward onward;

    Entry(Handler root, HttpBounds bounds, Onward onward) {
        this.root = root;
        this.onward = onward;
        this.room = new Room(bounds.heldBytes());
        this.bound = new RequestBound(bounds.requests(), bounds.requestsPerAddress());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String client = Request.getRemoteAddr(request);
        if (!bound.enter(client)) {
            refuse(request, response, callback);
            return true;
        }
        // It has to differ from others, not to be hard to guess.
        String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Exchange exchange =
                new Exchange(request, response, id, client, new Completion(callback), new Held(room, client));
        Turn turn = new Turn(this, exchange, client);
        turns.add(turn);
        if (!root.begin(exchange, turn)) {
            goOn(turn, root);
        }
        return true;
    }

    /** Gives a request a thread. */
    void goOn(Turn turn, Handler rest) {
        Exchange exchange = turn.exchange();
        Thread thread = Thread.ofVirtual()
                .name("request-" + exchange.requestId())
                .unstarted(() -> serve(exchange, rest, turn.client()));
        threads.add(thread);
        turns.remove(turn);
        thread.start();
    }

    /** The answer to one that has no thread is complete. */
    void done(Turn turn) {
        turn.exchange().held().release();
        bound.leave(turn.client());
        turns.remove(turn);
        onward.run(turn.exchange().completion()::succeed);
    }

    /** Without a thread, and without waiting for a client that may not read. */
    private static void refuse(Request request, Response response, Callback callback) {
        Optional<Stream> stream = Exchange.stream(request);
        if (stream.isPresent()) {
            stream.get()
                    .reset(new ResetFrame(stream.get().getId(), ErrorCode.REFUSED_STREAM_ERROR.code), Callback.NOOP);
            callback.failed(new EofException("more requests at a time than there is room for"));
        } else {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
            Response.writeError(request, response, callback, 503);
        }
    }

    private void serve(Exchange exchange, Handler handler, String client) {
        try {
            handler.handle(exchange);
            exchange.over();
            finish(exchange);
            exchange.completion().succeed();
        } catch (InterruptedException e) {
            fail(exchange, e, 503);
        } catch (Exception | Error e) {
            fail(exchange, e, isClients(e) ? 400 : 500);
        } finally {
            exchange.held().release();
            bound.leave(client);
            threads.remove(Thread.currentThread());
        }
    }

    /** Whether it is about content that broke off or was no HTTP. */
    private static boolean isClients(Throwable e) {
        return e instanceof IOException
                && java.util.stream.Stream.iterate(e, Objects::nonNull, Throwable::getCause)
                        .limit(CAUSES_MAX)
                        .anyMatch(cause -> cause instanceof HttpException || cause instanceof EOFException);
    }

    /** Of HTTP/2, what a client still sends after the answer hurts nobody. */
    private static void finish(Exchange exchange) throws InterruptedException {
        if (exchange.completion().open() && !exchange.http2() && exchange.hasBody()) {
            try {
                exchange.content().discard(DISCARD_BOUND, DISCARD_BYTES_MAX);
            } catch (IOException e) {
                // The client has gone, and has its answer or does not want it.
            }
        }
    }

    private static void fail(Exchange exchange, Throwable e, int status) {
        exchange.over();
        // Whoever interrupted this thread has been heard.
        Thread.interrupted();
        Completion completion = exchange.completion();
        if (exchange.answered()) {
            // Before Jetty does, which would say that the client has cancelled it.
            exchange.stream()
                    .ifPresent(stream ->
                            stream.reset(new ResetFrame(stream.getId(), ErrorCode.INTERNAL_ERROR.code), Callback.NOOP));
            completion.fail(e);
        } else if (completion.open()) {
            try (Blocker.Callback written = Blocker.callback()) {
                Response.writeError(exchange.request(), exchange.response(), written, status);
                written.block();
                finish(exchange);
                completion.succeed();
            } catch (IOException | InterruptedException | RuntimeException second) {
                completion.fail(second);
            }
        }
    }

    /** How many requests are under way. */
    int size() {
        return threads.size() + turns.size();
    }

    /** Requests that have a thread. */
    int threads() {
        return threads.size();
    }

    /** Waits until no request is under way; false when some are after that time. */
    boolean awaitNone(Duration bound) throws InterruptedException {
        long end = System.nanoTime() + bound.toNanos();
        while (size() > 0) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return true;
    }

    void interruptAll() {
        turns.forEach(Turn::interrupt);
        threads.forEach(Thread::interrupt);
    }
}
