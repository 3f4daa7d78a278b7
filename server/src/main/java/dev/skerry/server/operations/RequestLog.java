package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Turn;
import java.io.IOException;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One log record and one measurement for each request. Neither queries nor headers are written down, because signatures
 * and keys are among them. The answer names the request's id in {@code X-Request-ID}, and in {@code X-E2B-Trace-ID},
 * which the official clients print.
 */
public final class RequestLog implements Handler {
    private static final Logger LOG = Logger.getLogger(RequestRecord.LOGGER);

    private final Handler next;
    private final ServerMetrics metrics;

    /** @param next translates what is thrown in it; what comes out of it breaks the connection */
    public RequestLog(Handler next, ServerMetrics metrics) {
        this.next = next;
        this.metrics = metrics;
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        long start = begin(exchange);
        boolean whole = false;
        try {
            next.handle(exchange);
            whole = true;
        } finally {
            end(exchange, start, whole);
        }
    }

    @Override
    public boolean begin(Exchange exchange, Turn turn) {
        long start = begin(exchange);
        turn.atEnd(whole -> end(exchange, start, whole));
        if (next.begin(exchange, turn)) {
            return true;
        }
        turn.atEnd(_ -> {});
        metrics.notBegun();
        return false;
    }

    private long begin(Exchange exchange) {
        exchange.set("X-Request-ID", exchange.requestId()).set("X-E2B-Trace-ID", exchange.requestId());
        metrics.begin();
        return System.nanoTime();
    }

    private void end(Exchange exchange, long start, boolean whole) {
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        int status = exchange.response().getStatus();
        String route = RequestFacts.route(exchange).orElse("other");
        metrics.end(exchange.method(), route, status, took, RequestFacts.tenant(exchange));
        write(exchange, status, took, whole);
    }

    private static void write(Exchange exchange, int status, Duration took, boolean whole) {
        Level level = isProbe(exchange) ? Level.FINE : Level.INFO;
        if (LOG.isLoggable(level)) {
            String tenant = RequestFacts.tenant(exchange).orElse("-");
            LOG.log(new RequestRecord(level, exchange, status, took.toMillis(), tenant, whole));
        }
    }

    /** Asked for every few seconds by machines. */
    private static boolean isProbe(Exchange exchange) {
        return exchange.rawPath().startsWith("/health") || exchange.rawPath().equals("/metrics");
    }
}
