package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
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

    /**
     * For holders of a key of at least that scope, in the header {@code X-API-Key} or as a bearer token.
     *
     * @param least looked at before anything else of the request is
     */
    Operation keyed(KeyScope least, String method, String template, String summary, KeyedHandler handler) {
        return entry(
                method,
                template,
                summary,
                Optional.of(least),
                exchange -> handler.handle(exchange, caller(exchange, least)));
    }

    /** For everybody. */
    Operation open(String method, String template, String summary, Handler handler) {
        return entry(method, template, summary, Optional.empty(), handler);
    }

    private static Operation entry(
            String method, String template, String summary, Optional<KeyScope> scope, Handler handler) {
        Handler noted = exchange -> {
            RequestFacts.route(exchange, template);
            handler.handle(exchange);
        };
        return Operation.of(new Route(method, template, summary, noted), scope);
    }

    private Caller caller(Exchange exchange, KeyScope least) {
        Caller caller = caller(exchange);
        if (!caller.may(least)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "this needs an API key of scope '" + least.label() + "'; that of the request has the scope '"
                            + caller.key().scope().label() + "'",
                    "'skerry keys create --scope " + least.label() + "' makes one, for whoever may");
        }
        return caller;
    }

    private Caller caller(Exchange exchange) {
        Optional<String> presented = presented(exchange);
        Caller caller = new Caller(keys.authenticate(presented), presented.orElse(""));
        RequestFacts.tenant(exchange, caller.tenant());
        return caller;
    }

    /** Whether it comes with a key of that scope; a wrong key is refused. */
    boolean isKnown(Exchange exchange, KeyScope scope) {
        return presented(exchange)
                .map(_ -> caller(exchange))
                .filter(caller -> caller.may(scope))
                .isPresent();
    }

    private static Optional<String> presented(Exchange exchange) {
        return exchange.header("X-API-Key").or(() -> exchange.header("Authorization")
                .filter(text -> text.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(text -> text.substring(BEARER.length()).strip()));
    }
}
