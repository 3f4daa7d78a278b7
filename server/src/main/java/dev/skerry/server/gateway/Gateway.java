package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Turn;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.LiveSandboxes;
import dev.skerry.server.sandboxes.OpenStreams;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests to ports of sandboxes: by the services that the server provides there, or by the program that
 * listens inside. Who may is decided before a sandbox is woken.
 */
public final class Gateway implements AutoCloseable {
    /** Where process 1's services are; they look at tokens of their own. */
    public static final int ENVD_PORT = 49_983;

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final long SWEEP_MILLIS = 500;
    private static final int ENTRIES_MAX = 3;

    private final LiveSandboxes sandboxes;
    private final SandboxTokens tokens;
    private final Map<Integer, SandboxService> services;
    private final RateLimits limits;
    private final Admission<SandboxId> perSandbox;
    private final Admission<String> perClient;
    private final GatewayBounds bounds;
    private final ScheduledThreadPoolExecutor clock;
    private final UpstreamPool pool;
    private final Proxy proxy;

    /** @param services by the port at which clients expect them */
    public Gateway(
            LiveSandboxes sandboxes,
            SandboxTokens tokens,
            Map<Integer, SandboxService> services,
            GatewayBounds bounds,
            RateLimits limits) {
        this.limits = limits;
        this.sandboxes = sandboxes;
        this.tokens = tokens;
        this.services = Map.copyOf(services);
        this.bounds = bounds;
        this.perSandbox = new Admission<>(
                bounds.requestsPerSandbox(),
                "more than " + bounds.requestsPerSandbox() + " requests at a time to one sandbox");
        this.perClient = new Admission<>(
                bounds.requestsPerClient(),
                "more than " + bounds.requestsPerClient() + " requests at a time from one address");
        this.clock = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("gateway-clock").daemon().factory());
        clock.setRemoveOnCancelPolicy(true);
        this.pool = new UpstreamPool(bounds);
        this.proxy = new Proxy(pool, bounds, clock);
        var _ = clock.scheduleWithFixedDelay(pool::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    void handle(Exchange exchange, SandboxId id, int port) throws IOException, InterruptedException {
        answering(exchange, id, port, () -> {
            try (var _ = perClient.enter(exchange.remote());
                    var _ = perSandbox.enter(id)) {
                limits.passFrom(Traffic.DATA, exchange.remote());
                admitted(exchange, id, port);
            }
        });
    }

    /** What a thread does for a request. */
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private void answering(Exchange exchange, SandboxId id, int port, Work work)
            throws IOException, InterruptedException {
        try {
            work.run();
        } catch (Failure e) {
            failed(exchange, id, port, e);
        } catch (InterruptedException e) {
            brokenOff(exchange, id, e);
        } catch (RuntimeException e) {
            LOG.atError()
                    .addKeyValue("request", exchange.requestId())
                    .addKeyValue("sandbox", id)
                    .addKeyValue("port", port)
                    .setCause(e)
                    .log("a request to a sandbox failed");
            if (exchange.answered()) {
                throw e;
            }
            Answers.answer(exchange, 500, id, OptionalInt.of(port), "an error of the server");
        }
    }

    /** Carries a request without a thread, where that can be tried; otherwise nothing has been done. */
    boolean begin(Exchange exchange, Turn turn, SandboxId id, int port) {
        if (services.containsKey(port) || !ShortPassage.suits(exchange)) {
            return false;
        }
        Optional<LiveSandbox> live = sandboxes.running(id);
        if (live.isEmpty() || !mayEnter(exchange, live.get().sandbox(), port)) {
            return false;
        }
        Forwarding request;
        try {
            request = Forwarding.of(exchange);
        } catch (Failure e) {
            return false; // Whoever asks again hears why.
        }
        if (request.head().length() > ShortPassage.REQUEST_BYTES_MAX) {
            return false;
        }
        Optional<Upstream> kept = pool.takeSocket(live.get(), port, exchange.selector());
        return kept.isPresent() && begin(exchange, turn, live.get(), port, request, kept.get());
    }

    private boolean begin(
            Exchange exchange, Turn turn, LiveSandbox live, int port, Forwarding request, Upstream upstream) {
        Watch watch = Watch.swept(clock, bounds.firstByte(), upstream);
        ShortPassage passage = new ShortPassage(exchange, request, upstream, watch, bounds.answerHeaderBytes());
        Admitted admitted;
        try {
            limits.passFrom(Traffic.DATA, exchange.remote());
            admitted = Admitted.enter(perClient, exchange.remote(), perSandbox, live, passage::interrupt);
        } catch (Failure e) {
            watch.close();
            pool.give(live, port, upstream);
            return false;
        }
        turn.onInterrupt(passage::interrupt);
        exchange.onGone(passage::interrupt);
        passage.begin(new ShortPassage.End() {
            @Override
            public void done(boolean reusable) {
                if (reusable) {
                    pool.give(live, port, upstream);
                } else {
                    upstream.close();
                }
                admitted.close();
                turn.done();
            }

            @Override
            public void goOn(ShortPassage.Rest rest) {
                turn.goOn(_ -> {
                    try (admitted) {
                        admitted.goOn();
                        answering(exchange, live.sandbox().id(), port, () -> proxy.goOn(exchange, live, port, rest));
                    }
                });
            }
        });
        return true;
    }

    /** What is held for a request that has no thread. */
    private record Admitted(
            Admission<String>.Ticket client, Admission<SandboxId>.Ticket sandbox, OpenStreams.Entry entry)
            implements AutoCloseable {
        /** @throws Failure for want of room, or because the sandbox is being paused; nothing is held then */
        static Admitted enter(
                Admission<String> clients,
                String address,
                Admission<SandboxId> sandboxes,
                LiveSandbox live,
                Runnable interrupt) {
            Admission<String>.Ticket client = clients.enter(address);
            try {
                Admission<SandboxId>.Ticket sandbox =
                        sandboxes.enter(live.sandbox().id());
                try {
                    return new Admitted(client, sandbox, live.streams().enter(interrupt));
                } catch (Failure e) {
                    sandbox.close();
                    throw e;
                }
            } catch (Failure e) {
                client.close();
                throw e;
            }
        }

        void goOn() {
            entry.goOn();
        }

        @Override
        public void close() {
            entry.close();
            sandbox.close();
            client.close();
        }
    }

    private void admitted(Exchange exchange, SandboxId id, int port) throws IOException, InterruptedException {
        Optional<Sandbox> stored = sandboxes.find(id);
        if (stored.isEmpty()) {
            Answers.gone(exchange, id);
        } else if (port == ENVD_PORT && asksForHealth(exchange)) {
            // Whoever asks whether it runs does not want to wake it.
            if (stored.get().state() instanceof SandboxState.Running) {
                exchange.empty(204);
            } else {
                Answers.gone(exchange, id);
            }
        } else if (!mayEnter(exchange, stored.get(), port)) {
            Answers.answer(
                    exchange,
                    403,
                    id,
                    OptionalInt.of(port),
                    "The sandbox's ports are not public: send its traffic token as " + Forwarding.TRAFFIC_TOKEN);
        } else if (stored.get().state() instanceof SandboxState.Running
                || !services.containsKey(port)
                || !services.get(port).answeredAsleep(exchange, stored.get())) {
            // Whoever wakes it is written down with that.
            new Origin("", "", exchange.remote(), exchange.requestId()).during(() -> serve(exchange, id, port));
        }
    }

    private static boolean asksForHealth(Exchange exchange) {
        return exchange.rawPath().equals("/health")
                && (exchange.method().equals("GET") || exchange.method().equals("HEAD"));
    }

    private boolean mayEnter(Exchange exchange, Sandbox sandbox, int port) {
        return port == ENVD_PORT
                || sandbox.config().publicTraffic()
                || exchange.header(Forwarding.TRAFFIC_TOKEN)
                        .map(given -> tokens.matches(Purpose.TRAFFIC, sandbox.id(), given))
                        .orElse(false);
    }

    private void serve(Exchange exchange, SandboxId id, int port) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            LiveSandbox live = sandboxes.reach(id);
            exchange.heldFor(live.sandbox().tenant().text());
            OpenStreams.Entry entry;
            try {
                entry = live.streams().enter();
            } catch (Failure e) {
                // It was paused after it had been reached. Reaching it again wakes it, if traffic does that.
                if (tries == ENTRIES_MAX) {
                    throw e;
                }
                continue;
            }
            try (entry) {
                SandboxService service = services.get(port);
                if (service == null) {
                    proxy.handle(exchange, live, port);
                } else {
                    service.handle(exchange, live);
                }
            }
            return;
        }
    }

    private static void failed(Exchange exchange, SandboxId id, int port, Failure e) throws IOException {
        if (exchange.answered()) {
            throw e;
        }
        // Where a sandbox was interrupted, the interrupt has been heard: it became this failure.
        Thread.interrupted();
        ErrorCode code = e.code();
        if (code == ErrorCode.NOT_FOUND || code == ErrorCode.SANDBOX_GONE) {
            Answers.gone(exchange, id);
            return;
        }
        if (code.kind() == ErrorCode.Kind.BUG) {
            LOG.atError()
                    .addKeyValue("request", exchange.requestId())
                    .addKeyValue("sandbox", id)
                    .setCause(e)
                    .log("a request to a sandbox failed");
        }
        Answers.answer(exchange, code.status(), id, OptionalInt.of(port), e.getMessage(), e.retryAfter());
    }

    /** Because the sandbox is paused or ends, because the client has gone, or because the server stops. */
    private void brokenOff(Exchange exchange, SandboxId id, InterruptedException e)
            throws IOException, InterruptedException {
        if (exchange.answered()) {
            throw e;
        }
        boolean runs = sandboxes
                .find(id)
                .map(sandbox -> sandbox.state() instanceof SandboxState.Running)
                .orElse(false);
        if (runs) {
            Answers.answer(exchange, 503, id, OptionalInt.empty(), "The request was broken off: try again");
        } else {
            Answers.gone(exchange, id);
        }
    }

    /** Lets go of what is kept open to sandboxes. */
    @Override
    public void close() {
        clock.shutdownNow();
        pool.close();
    }
}
