package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes requests on to the server that has the host, whatever they are for, with the address of the client under a
 * {@link RelaySeal}. A request is passed on once: where it arrives at a server that has not got the host either, it is
 * answered with 503, as it is while there is none that has.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
    private static final int CONNECT_MILLIS = 1_000;

    private final Addresses addresses;
    private final Supplier<Optional<URI>> owner;
    private final RelaySeal seal;
    private final GatewayBounds bounds;
    private final ScheduledThreadPoolExecutor clock;

    /**
     * @param domain under which sandboxes have their names
     * @param owner origin of the server that has the host; empty while there is none, or it is this one
     */
    public Relay(String domain, Supplier<Optional<URI>> owner, RelaySeal seal, GatewayBounds bounds) {
        this.addresses = new Addresses(domain, FrontDoor.machineNames());
        this.owner = owner;
        this.seal = seal;
        this.bounds = bounds;
        this.clock = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("relay-clock").daemon().factory());
        clock.setRemoveOnCancelPolicy(true);
    }

    /** Whether it is the control plane that is asked, not a sandbox. */
    public boolean meansApi(Exchange exchange) {
        return FrontDoor.decide(addresses, exchange) instanceof Destination.Api;
    }

    /** Whether there is somebody to pass requests on to. */
    public boolean ready() {
        return owner.get().isPresent();
    }

    /** @param relayed whether another server has passed it on */
    public void handle(Exchange exchange, boolean relayed) throws IOException, InterruptedException {
        Optional<URI> to = relayed ? Optional.empty() : owner.get();
        if (to.isEmpty()) {
            later(exchange, "no server has the sandboxes just now");
            return;
        }
        Forwarding request;
        try {
            request = Forwarding.relayed(exchange, seal.field(exchange));
        } catch (Failure e) {
            answer(exchange, e.code().status(), e.getMessage());
            return;
        }
        try {
            pass(exchange, request, to.get());
        } catch (IOException | Failure e) {
            if (e instanceof InterruptedIOException || Thread.currentThread().isInterrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            if (exchange.answered()) {
                throw e;
            }
            LOG.atWarn().addKeyValue("owner", to.get()).setCause(e).log("a request could not be passed on");
            later(exchange, "the server that has the sandboxes does not answer");
        }
    }

    private void pass(Exchange exchange, Forwarding request, URI to) throws IOException, InterruptedException {
        exchange.interruptWhenClientGone();
        try (Upstream upstream = connect(to);
                Watch watch = Watch.start(clock, bounds.firstByte(), upstream)) {
            boolean _ = new Passage(exchange, request, upstream, watch, bounds).run(clock);
        }
    }

    private static Upstream connect(URI to) throws IOException {
        Socket socket = new Socket();
        try {
            String host = to.getHost().replaceAll("[\\[\\]]", "");
            socket.connect(new InetSocketAddress(host, to.getPort()), CONNECT_MILLIS);
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return new Upstream(new ServerLink(socket));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void later(Exchange exchange, String message) throws IOException {
        exchange.set("Retry-After", "1");
        answer(exchange, 503, message);
    }

    private static void answer(Exchange exchange, int status, String message) throws IOException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("code", status);
        body.put("message", message);
        body.put("hint", "try again in a moment");
        body.put("request_id", exchange.requestId());
        exchange.json(status, body);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
