package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.Authentication;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Makes the entries of the table of operations. An entry without a key has to be asked for by name, so that none is
 * open by omission.
 */
final class Door {
    private final Authentication authentication;
    private final RateLimits limits;
    private final AuditLog audit;
    private final InstantSource clock;

    /** Answers a request of somebody who is known. */
    @FunctionalInterface
    interface KeyedHandler {
        void handle(Exchange exchange, Caller caller) throws IOException, InterruptedException;
    }

    Door(ApiKeys keys, RateLimits limits, AuditLog audit, InstantSource clock) {
        this.authentication = new Authentication(keys, limits);
        this.limits = limits;
        this.audit = audit;
        this.clock = clock;
    }

    /**
     * For holders of a key of at least that scope, in the header {@code X-API-Key} or as a bearer token. What changes
     * something is written to the audit log.
     *
     * @param least looked at before anything else of the request is
     */
    Operation keyed(KeyScope least, String method, String template, String summary, KeyedHandler handler) {
        KeyedHandler scoped = (exchange, caller) -> {
            requireScope(caller, least);
            handler.handle(exchange, caller);
        };
        Traffic traffic = traffic(method, template);
        KeyedHandler noted = traffic == Traffic.READ ? scoped : audited(method, template, scoped);
        return entry(method, template, summary, Optional.of(least), exchange -> {
            Caller caller = caller(exchange);
            limits.pass(traffic, caller.key().id());
            origin(exchange, caller).during(() -> noted.handle(exchange, caller));
        });
    }

    private static Origin origin(Exchange exchange, Caller caller) {
        ApiKey key = caller.key();
        return new Origin(key.id(), key.mask(), exchange.remote(), exchange.requestId());
    }

    private static Traffic traffic(String method, String template) {
        if (method.equals("GET")) {
            return Traffic.READ;
        }
        return method.equals("POST") && template.endsWith("/sandboxes") ? Traffic.CREATE : Traffic.MUTATE;
    }

    /** For everybody. */
    Operation open(String method, String template, String summary, Handler handler) {
        return entry(method, template, summary, Optional.empty(), exchange -> {
            limits.pass(Traffic.UNKNOWN, RateLimits.network(exchange.remote()));
            handler.handle(exchange);
        });
    }

    private static Operation entry(
            String method, String template, String summary, Optional<KeyScope> scope, Handler handler) {
        Handler noted = exchange -> {
            RequestFacts.route(exchange, template);
            handler.handle(exchange);
        };
        return Operation.of(new Route(method, template, summary, noted), scope);
    }

    private static void requireScope(Caller caller, KeyScope least) {
        if (!caller.may(least)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "this needs an API key of scope '" + least.label() + "'; that of the request has the scope '"
                            + caller.key().scope().label() + "'",
                    "'skerry keys create --scope " + least.label() + "' makes one, for whoever may");
        }
    }

    private KeyedHandler audited(String method, String template, KeyedHandler handler) {
        return (exchange, caller) -> {
            int status = 0;
            String code = "";
            try {
                handler.handle(exchange, caller);
                status = exchange.response().getStatus();
            } catch (Failure e) {
                status = E2bErrors.status(e.code());
                code = e.code().name();
                throw e;
            } catch (RuntimeException e) {
                status = ErrorCode.INTERNAL.status();
                code = ErrorCode.INTERNAL.name();
                throw e;
            } finally {
                audit.note(new AuditEntry(
                        0,
                        clock.instant(),
                        caller.tenant(),
                        caller.key().id(),
                        caller.key().name(),
                        method + " " + template,
                        RequestFacts.subject(exchange).orElseGet(() -> named(exchange, template)),
                        exchange.remote(),
                        status,
                        code,
                        exchange.requestId()));
            }
        };
    }

    /** What the path names last, cut to the length of an id; a key in the wrong place is not written down. */
    private static String named(Exchange exchange, String template) {
        int last = template.lastIndexOf('{');
        if (last < 0) {
            return "";
        }
        return RequestFacts.id(exchange.variable(template.substring(last + 1, template.indexOf('}', last))));
    }

    private Caller caller(Exchange exchange) {
        Optional<String> presented = Authentication.presented(exchange);
        Caller caller = new Caller(authentication.authenticate(exchange, presented), presented.orElse(""));
        RequestFacts.tenant(exchange, caller.tenant());
        exchange.heldFor(caller.tenant().text());
        return caller;
    }

    /** Whether it comes with a key of that scope; a wrong key is refused. */
    boolean isKnown(Exchange exchange, KeyScope scope) {
        return Authentication.presented(exchange)
                .map(_ -> caller(exchange))
                .filter(caller -> caller.may(scope))
                .isPresent();
    }
}
