package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One log record and one measurement for each request. Neither queries nor headers are written down, because signatures
 * and keys are among them. The answer names the request's id in {@code X-Request-ID}, and in {@code X-E2B-Trace-ID},
 * which the official clients print.
 */
public final class RequestLog implements Handler {
    private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);

    private final Handler next;
    private final ServerMetrics metrics;

    /** @param next translates what is thrown in it; what comes out of it breaks the connection */
    public RequestLog(Handler next, ServerMetrics metrics) {
        this.next = next;
        this.metrics = metrics;
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        long start = System.nanoTime();
        exchange.set("X-Request-ID", exchange.requestId()).set("X-E2B-Trace-ID", exchange.requestId());
        boolean whole = false;
        metrics.begin();
        try {
            next.handle(exchange);
            whole = true;
        } finally {
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            int status = exchange.response().getStatus();
            String route = RequestFacts.route(exchange).orElse("other");
            metrics.end(exchange.method(), route, status, took);
            write(exchange, status, took, whole);
        }
    }

    private static void write(Exchange exchange, int status, Duration took, boolean whole) {
        LOG.atLevel(isProbe(exchange) ? Level.DEBUG : Level.INFO)
                .addKeyValue("request", exchange.requestId())
                .addKeyValue("method", RequestFacts.method(exchange))
                .addKeyValue("path", RequestFacts.path(exchange))
                .addKeyValue("status", status)
                .addKeyValue("millis", took.toMillis())
                .addKeyValue("tenant", RequestFacts.tenant(exchange).orElse("-"))
                .log(whole ? "answered" : "broken off");
    }

    /** Asked for every few seconds by machines. */
    private static boolean isProbe(Exchange exchange) {
        return exchange.rawPath().startsWith("/health") || exchange.rawPath().equals("/metrics");
    }
}
