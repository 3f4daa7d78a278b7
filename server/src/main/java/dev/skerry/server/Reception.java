package dev.skerry.server;

import dev.skerry.server.gateway.Relay;
import dev.skerry.server.gateway.RelaySeal;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Turn;
import dev.skerry.server.leases.Term;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Where requests arrive at a server that shares its database: it answers them while it has the host, and otherwise
 * passes them on to the server that has it. What the server itself is asked about its health it always answers.
 */
final class Reception implements Handler {
    private final Relay relay;
    private final RelaySeal seal;
    private volatile Optional<Shift> shift = Optional.empty();
    private volatile boolean draining;

    private record Shift(Term term, Serving serving) {}

    Reception(Relay relay, RelaySeal seal) {
        this.relay = relay;
        this.seal = seal;
    }

    void begin(Term term, Serving serving) {
        shift = Optional.of(new Shift(term, serving));
        if (draining) {
            serving.drain();
        }
    }

    void end() {
        shift = Optional.empty();
    }

    /** What has the host, while it may be used. */
    Optional<Serving> serving() {
        return shift.filter(current -> current.term().holds()).map(Shift::serving);
    }

    void drain() {
        draining = true;
        serving().ifPresent(Serving::drain);
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        Optional<Exchange.Origin> origin = seal.origin(exchange);
        Optional<Serving> here = serving();
        if (here.isPresent()) {
            here.get().door().handle(origin.map(exchange::from).orElse(exchange));
        } else if (!answersItself(exchange)) {
            relay.handle(exchange, origin.isPresent());
        }
    }

    /** Whether another server has passed it on is looked at by a thread: the secrets may have to be read for it. */
    @Override
    public boolean begin(Exchange exchange, Turn turn) {
        return exchange.header(RelaySeal.NAME).isEmpty()
                && serving().map(here -> here.door().begin(exchange, turn)).orElse(false);
    }

    /** Load balancers ask each server, and none of them for a sandbox. */
    private boolean answersItself(Exchange exchange) throws IOException {
        if (!exchange.method().equals("GET") || !relay.meansApi(exchange)) {
            return false;
        }
        switch (exchange.rawPath()) {
            case "/health/live" -> exchange.json(200, Map.of("status", "ok"));
            case "/health/ready" -> {
                boolean ready = !draining && relay.ready();
                exchange.json(ready ? 200 : 503, Map.of("status", ready ? "standby" : "unavailable"));
            }
            default -> {
                return false;
            }
        }
        return true;
    }
}
