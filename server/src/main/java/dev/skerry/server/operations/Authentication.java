package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Optional;

/**
 * Looks up whose key a request has. Wrong keys are counted for the address that they come from, and looked up only
 * while it has not presented too many. A key that was good a moment ago is let in all the same: others may share the
 * address.
 */
public final class Authentication {
    private static final String BEARER = "bearer ";

    private final ApiKeys keys;
    private final RateLimits limits;

    public Authentication(ApiKeys keys, RateLimits limits) {
        this.keys = keys;
        this.limits = limits;
    }

    /** The key of the header {@code X-API-Key}, or a bearer token. */
    public static Optional<String> presented(Exchange exchange) {
        return exchange.header("X-API-Key").or(() -> exchange.header("Authorization")
                .filter(text -> text.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(text -> text.substring(BEARER.length()).strip()));
    }

    /** @throws Failure {@code UNAUTHENTICATED}, {@code LIMIT_EXCEEDED} */
    public ApiKey authenticate(Exchange exchange, Optional<String> presented) {
        String network = RateLimits.network(exchange.remote());
        if (presented.filter(keys::remembers).isEmpty()) {
            limits.look(Traffic.UNKNOWN, network);
        }
        try {
            return keys.authenticate(presented);
        } catch (Failure e) {
            if (e.code() == ErrorCode.UNAUTHENTICATED) {
                limits.pass(Traffic.UNKNOWN, network);
            }
            throw e;
        }
    }
}
