package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.tenants.ApiKeys;
import java.io.IOException;
import java.util.Optional;

/**
 * Makes the entries of the table of operations. An entry without a key has to be asked for by name, so that none is
 * open by omission.
 */
final class Door {
    private static final String BEARER = "bearer ";

    private final ApiKeys keys;

    /** Answers a request of somebody who is known. */
    @FunctionalInterface
    interface KeyedHandler {
        void handle(Exchange exchange, Caller caller) throws IOException, InterruptedException;
    }

    Door(ApiKeys keys) {
        this.keys = keys;
    }

    /** For holders of a key, in the header {@code X-API-Key} or as a bearer token. */
    Operation keyed(String method, String template, String summary, KeyedHandler handler) {
        return entry(method, template, summary, false, exchange -> handler.handle(exchange, caller(exchange)));
    }

    /** For everybody. */
    Operation open(String method, String template, String summary, Handler handler) {
        return entry(method, template, summary, true, handler);
    }

    private static Operation entry(String method, String template, String summary, boolean open, Handler handler) {
        Handler noted = exchange -> {
            RequestFacts.route(exchange, template);
            handler.handle(exchange);
        };
        return Operation.of(new Route(method, template, summary, noted), open);
    }

    private Caller caller(Exchange exchange) {
        Optional<String> presented = presented(exchange);
        Caller caller = new Caller(keys.authenticate(presented), presented.orElse(""));
        RequestFacts.tenant(exchange, caller.tenant());
        return caller;
    }

    /** Whether it comes with a key; a wrong one is refused. */
    boolean isKnown(Exchange exchange) {
        return presented(exchange).map(_ -> caller(exchange)).isPresent();
    }

    private static Optional<String> presented(Exchange exchange) {
        return exchange.header("X-API-Key").or(() -> exchange.header("Authorization")
                .filter(text -> text.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(text -> text.substring(BEARER.length()).strip()));
    }
}
