package dev.skerry.server;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Where requests arrive at the address that Piston's API has for itself. */
record PistonReception(Supplier<Optional<Serving>> serving) implements Handler {
    private static final int UNAVAILABLE = 503;

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        Optional<Serving> here = serving.get();
        if (here.isPresent()) {
            here.get().pistonDoor().handle(exchange);
        } else {
            exchange.set("Retry-After", "1");
            exchange.json(
                    UNAVAILABLE,
                    Map.of(
                            "message",
                            "another server of this database has the host",
                            "hint",
                            "ask that one, or the API's own address, which passes requests on"));
        }
    }
}
