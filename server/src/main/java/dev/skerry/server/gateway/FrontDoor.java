package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Turn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The first that sees a request: the API's, a sandbox's, or nobody's. */
public final class FrontDoor implements Handler {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final Addresses addresses;
    private final Handler api;
    private final Gateway gateway;

    /**
     * @param domain under which sandboxes have their names; a port in it is ignored
     * @param names of this machine, where the API is answered too
     * @param api the control plane; translates what it throws
     */
    public FrontDoor(String domain, Set<String> names, Handler api, Gateway gateway) {
        this.addresses = new Addresses(domain, names);
        this.api = api;
        this.gateway = gateway;
    }

    /** The name that this machine has for itself, if it has one. */
    public static Set<String> machineNames() {
        try {
            String name = Files.readString(HOST_NAME).strip();
            return name.isEmpty() || name.equals("(none)") ? Set.of() : Set.of(name);
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        switch (decide(addresses, exchange)) {
            case Destination.Api _ -> api.handle(exchange);
            case Destination.Port target -> gateway.handle(exchange, target.id(), target.port());
            case Destination.Unknown unknown -> Answers.gone(exchange, unknown.id());
            case Destination.Refused refused -> {
                Map<String, Object> body = new LinkedHashMap<>();
                body.put("code", refused.status());
                body.put("message", refused.message());
                exchange.json(refused.status(), body);
            }
        }
    }

    @Override
    public boolean begin(Exchange exchange, Turn turn) {
        return decide(addresses, exchange) instanceof Destination.Port target
                && gateway.begin(exchange, turn, target.id(), target.port());
    }

    static Destination decide(Addresses addresses, Exchange exchange) {
        return addresses.decide(
                exchange.authority(),
                Tokens.values(exchange.request().getHeaders(), Forwarding.SANDBOX_ID),
                Tokens.values(exchange.request().getHeaders(), Forwarding.SANDBOX_PORT));
    }
}
