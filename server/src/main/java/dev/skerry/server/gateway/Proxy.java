package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

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
        try {
            pass(exchange, request, live, port);
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
            Optional<Upstream> kept = pool.take(live, port);
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
        Upstream fresh;
        try {
            fresh = new Upstream(live.guest().ports().dial(port));
        } catch (Failure e) {
            refused(exchange, live, port, e);
            return;
        }
        pass(exchange, request, live, port, fresh);
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
        boolean reusable = false;
        try (Watch watch = Watch.start(clock, bounds.firstByte(), upstream)) {
            try {
                reusable = new Passage(exchange, request, upstream, watch, bounds).run(clock);
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
