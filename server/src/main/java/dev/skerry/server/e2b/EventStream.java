package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Events as they happen, as server-sent events (HTML Living Standard, 9.2). The id of each is its sequence: who comes
 * back with {@code Last-Event-ID} misses nothing. Nothing is collected for a reader: one that does not read is told and
 * sent away, and goes on later from where it was.
 */
final class EventStream {
    /** Of a tenant. */
    static final int STREAMS_MAX = 16;

    private static final int PAGE = 100;
    private static final String TYPE = "text/event-stream";

    private final Sandboxes sandboxes;
    private final ApiKeys keys;
    private final Times times;
    private final Map<TenantId, Integer> open = new ConcurrentHashMap<>();
    private final CountDownLatch draining = new CountDownLatch(1);

    /**
     * @param poll between two looks for events
     * @param keepAlive without an event; clients and proxies take silence for a broken connection
     * @param slow what was written must have gone out by then, or it is the last
     * @param stuck the connection is broken then
     */
    record Times(Duration poll, Duration keepAlive, Duration slow, Duration stuck) {
        static final Times STANDARD = new Times(
                Duration.ofMillis(250), Duration.ofSeconds(15), Duration.ofSeconds(5), Duration.ofSeconds(30));
    }

    EventStream(Sandboxes sandboxes, ApiKeys keys) {
        this(sandboxes, keys, Times.STANDARD);
    }

    EventStream(Sandboxes sandboxes, ApiKeys keys, Times times) {
        this.sandboxes = sandboxes;
        this.keys = keys;
        this.times = times;
    }

    List<Operation> operations(Door door) {
        return List.of(door.keyed(
                        KeyScope.READ,
                        "GET",
                        "/skerry/v1/events/stream",
                        "What happens to all sandboxes, as server-sent events, without an end.",
                        this::stream)
                .queryNumber("after", "The sequence number of the last one that is known; Last-Event-ID comes first.")
                .answers(200, "text"));
    }

    void drain() {
        draining.countDown();
    }

    private void stream(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        long last = exchange.header("Last-Event-ID")
                .filter(text -> !text.isBlank())
                .map(EventStream::sequence)
                .orElseGet(() -> Queries.number(exchange, "after", 0, Long.MAX_VALUE, 0));
        TenantId tenant = caller.tenant();
        enter(tenant);
        try (Writer out = new Writer(
                exchange.set("Cache-Control", "no-store").set("X-Accel-Buffering", "no").stream(200, TYPE),
                times.stuck())) {
            exchange.interruptWhenClientGone();
            out.write("retry: 1000\n\n");
            follow(caller, last, out);
            out.end();
        } finally {
            leave(tenant);
        }
    }

    private static long sequence(String text) {
        try {
            long number = Long.parseLong(text.strip());
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.INVALID_REQUEST,
                "'Last-Event-ID' must be the id of an event, not '" + Quoted.of(text) + "'",
                "send the id of the last event that came, or none");
    }

    private void enter(TenantId tenant) {
        int now = open.merge(tenant, 1, Integer::sum);
        if (now > STREAMS_MAX) {
            leave(tenant);
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    STREAMS_MAX + " streams of events are open already",
                    "close one, or let its readers share it");
        }
    }

    private void leave(TenantId tenant) {
        open.computeIfPresent(tenant, (_, count) -> count == 1 ? null : count - 1);
    }

    private void follow(Caller caller, long after, Writer out) throws IOException, InterruptedException {
        long last = after;
        long silentSince = System.nanoTime();
        while (true) {
            Optional<String> denied = denied(caller);
            if (denied.isPresent()) {
                out.write(last("denied", denied.get()));
                return;
            }
            List<SandboxEvent> page = sandboxes.eventsAfter(caller.tenant(), last, PAGE);
            long begin = System.nanoTime();
            if (!page.isEmpty()) {
                last = page.getLast().sequence();
                out.write(text(page));
                silentSince = begin;
            } else if (begin - silentSince > times.keepAlive().toNanos()) {
                out.write(": nothing happened\n\n");
                silentSince = begin;
            }
            if (System.nanoTime() - begin > times.slow().toNanos()) {
                out.write(last("cut", "events were read too slowly; come back with the id of the last one"));
                return;
            }
            if (page.size() < PAGE && draining.await(times.poll().toMillis(), TimeUnit.MILLISECONDS)) {
                out.write(last("drain", "the server stops; come back with the id of the last event"));
                return;
            }
        }
    }

    /** Why the key opens nothing any more: a stream would outlive it. */
    private Optional<String> denied(Caller caller) {
        try {
            ApiKey _ = keys.authenticate(Optional.of(caller.keyText()));
            return Optional.empty();
        } catch (Failure e) {
            if (e.code() != ErrorCode.UNAUTHENTICATED) {
                throw e;
            }
            return Optional.of(e.getMessage());
        }
    }

    private static String text(List<SandboxEvent> page) {
        StringBuilder text = new StringBuilder();
        for (SandboxEvent event : page) {
            text.append("id: ").append(event.sequence()).append("\nevent: ").append(EventLogs.kind(event));
            text.append("\ndata: ").append(ObservationRoutes.describe(event)).append("\n\n");
        }
        return text.toString();
    }

    /** Without an id, so that the one of the last event stays. */
    private static String last(String event, String message) {
        return "event: " + event + "\ndata: " + Exchange.JSON.createObjectNode().put("message", message) + "\n\n";
    }

    /** Interrupts its thread when one write takes too long. */
    private static final class Writer implements AutoCloseable {
        private final OutputStream out;
        private final Thread watch;
        private volatile long writingSince;
        private volatile boolean writing;

        Writer(OutputStream out, Duration stuck) {
            this.out = out;
            Thread writer = Thread.currentThread();
            this.watch = Thread.ofVirtual().name("event-stream-watch").start(() -> {
                try {
                    while (true) {
                        Thread.sleep(stuck.dividedBy(4));
                        if (writing && System.nanoTime() - writingSince > stuck.toNanos()) {
                            writer.interrupt();
                            return;
                        }
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        void write(String text) throws IOException {
            writingSince = System.nanoTime();
            writing = true;
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
            writing = false;
        }

        /** Only that is a proper end. */
        void end() throws IOException {
            out.close();
        }

        @Override
        public void close() {
            watch.interrupt();
        }
    }
}
