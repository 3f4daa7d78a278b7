package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestConnection;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import org.eclipse.jetty.io.ManagedSelector;

/** Carries requests to the programs that listen inside sandboxes, and their answers back. */
final class Proxy {
    private static final Set<String> REPEATABLE = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE");

    private final UpstreamPool pool;
    private final GatewayBounds bounds;
    private final ScheduledExecutorService clock;

    Proxy(UpstreamPool pool, GatewayBounds bounds, ScheduledExecutorService clock) {
        this.pool = pool;
        this.bounds = bounds;
        this.clock = clock;
    }

    /** @throws Failure {@code SANDBOX_GONE}, {@code LIMIT_EXCEEDED}, {@code INVALID_REQUEST}; all else is answered */
    void handle(Exchange exchange, LiveSandbox live, int port) throws IOException, InterruptedException {
        if (exchange.method().equals("CONNECT")) {
            answer(exchange, live, port, 501, "CONNECT is not carried to sandboxes");
            return;
        }
        Forwarding request = Forwarding.of(exchange);
        exchange.interruptWhenClientGone();
        answered(exchange, live, port, () -> pass(exchange, request, live, port));
    }

    /** What a passage without a thread has left. */
    void goOn(Exchange exchange, LiveSandbox live, int port, ShortPassage.Rest rest)
            throws IOException, InterruptedException {
        exchange.interruptWhenClientGone();
        answered(exchange, live, port, () -> {
            try {
                if (rest.failure().isPresent()) {
                    rest.watch().close();
                    rest.upstream().close();
                    rest.throwFailure();
                }
                rest.watch().goOn();
                Passage passage = new Passage(exchange, rest.request(), rest.upstream(), rest.watch(), bounds);
                passWatched(
                        exchange,
                        live,
                        port,
                        rest.upstream(),
                        rest.watch(),
                        () -> passage.run(clock, rest.sent(), rest.known()));
            } catch (BadAnswer e) {
                if (!e.silent() || exchange.answered()) {
                    throw e;
                }
                passFresh(exchange, rest.request(), live, port);
            }
        });
    }

    /** Something that a thread does for an answer. */
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void answered(Exchange exchange, LiveSandbox live, int port, Work work)
            throws IOException, InterruptedException {
        try {
            work.run();
        } catch (BadAnswer e) {
            if (exchange.answered()) {
                throw e;
            }
            answer(exchange, live, port, 502, "The program on the port did not answer with HTTP: " + e.getMessage());
        } catch (IOException | Failure e) {
            if (e instanceof InterruptedIOException
                    || e.getCause() instanceof InterruptedException
                    || Thread.currentThread().isInterrupted()) {
                InterruptedException interrupted = new InterruptedException(e.getMessage());
                interrupted.addSuppressed(e);
                throw interrupted;
            }
            throw e;
        }
    }

    private void pass(Exchange exchange, Forwarding request, LiveSandbox live, int port)
            throws IOException, InterruptedException {
        if (request.upgrade().isPresent()
                || exchange.header("Accept").orElse("").contains("text/event-stream")) {
            live.streams().endless();
        }
        // A kept connection may die while the request is on its way, and then nobody knows whether it was heard.
        boolean repeatable = !request.body() && request.upgrade().isEmpty() && REPEATABLE.contains(exchange.method());
        if (repeatable) {
            Optional<Upstream> kept = pool.take(live, port, exchange.selector());
            if (kept.isPresent()) {
                try {
                    pass(exchange, request, live, port, kept.get());
                    return;
                } catch (BadAnswer e) {
                    if (!e.silent() || exchange.answered()) {
                        throw e;
                    }
                }
            }
        }
        passFresh(exchange, request, live, port);
    }

    private void passFresh(Exchange exchange, Forwarding request, LiveSandbox live, int port)
            throws IOException, InterruptedException {
        Upstream fresh;
        try {
            fresh = new Upstream(connect(exchange, live.guest(), port));
        } catch (Failure e) {
            refused(exchange, live, port, e);
            return;
        }
        pass(exchange, request, live, port, fresh);
    }

    /** By a socket in the sandbox's network, or else on its stream. */
    private Link connect(Exchange exchange, GuestConnection guest, int port) throws IOException, InterruptedException {
        Optional<ManagedSelector> selector = exchange.selector();
        if (selector.isPresent()) {
            Optional<SocketChannel> socket = guest.ports().connect(port);
            if (socket.isPresent()) {
                return SocketLink.of(socket.get(), guest, selector.get(), pool.sockets());
            }
        }
        return new StreamLink(guest.ports().dial(port));
    }

    private static void refused(Exchange exchange, LiveSandbox live, int port, Failure e) throws IOException {
        switch (e.code()) {
            case SANDBOX_GONE, LIMIT_EXCEEDED -> throw e;
            case DEADLINE_EXCEEDED ->
                answer(exchange, live, port, 504, "The program on the port did not take the connection in time");
            default -> answer(exchange, live, port, ErrorCode.HOST_UNREACHABLE.status(), Answers.CLOSED_PORT);
        }
    }

    private void pass(Exchange exchange, Forwarding request, LiveSandbox live, int port, Upstream upstream)
            throws IOException, InterruptedException {
        Watch watch = Watch.start(clock, bounds.firstByte(), upstream);
        Passage passage = new Passage(exchange, request, upstream, watch, bounds);
        passWatched(exchange, live, port, upstream, watch, () -> passage.run(clock));
    }

    /** Says whether the connection can carry another request. */
    private interface Passing {
        boolean run() throws IOException, InterruptedException;
    }

    private void passWatched(
            Exchange exchange, LiveSandbox live, int port, Upstream upstream, Watch watch, Passing passing)
            throws IOException, InterruptedException {
        boolean reusable = false;
        try (watch) {
            try {
                reusable = passing.run();
            } catch (BadAnswer e) {
                if (watch.expired() && !exchange.answered()) {
                    answer(exchange, live, port, 504, "The program on the port did not answer in time");
                    return;
                }
                throw e;
            }
        } finally {
            if (reusable) {
                pool.give(live, port, upstream);
            } else {
                upstream.close();
            }
        }
    }

    private static void answer(Exchange exchange, LiveSandbox live, int port, int status, String message)
            throws IOException {
        Answers.answer(exchange, status, live.sandbox().id(), OptionalInt.of(port), message);
    }
}
