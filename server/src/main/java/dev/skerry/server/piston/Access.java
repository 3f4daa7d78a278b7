package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.operations.Authentication;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * Says who asks, and whether they may. A key is a bearer token, the header {@code X-API-Key}, the header
 * {@code Authorization} as it is, or part of the path. Without one there is only what the settings allow at Piston's
 * own address.
 */
final class Access {
    private static final String KEY_BEGIN = "e2b_";

    private final ServerSettings settings;
    private final Authentication authentication;
    private final RateLimits limits;

    Access(ServerSettings settings, Authentication authentication, RateLimits limits) {
        this.settings = settings;
        this.authentication = authentication;
        this.limits = limits;
    }

    /**
     * Lets somebody in, or does not.
     *
     * @throws Failure {@code UNAUTHENTICATED}, {@code DENIED}, {@code LIMIT_EXCEEDED}
     */
    Caller admit(Exchange exchange, Entrance entrance, KeyScope least, Traffic traffic) {
        Optional<String> presented =
                Authentication.presented(exchange).or(() -> bare(exchange)).or(entrance::key);
        return presented.isEmpty() && entrance.own() && settings.piston().anonymous()
                ? anonymous(exchange, least, traffic)
                : keyed(exchange, presented, least, traffic);
    }

    private static void isFor(Exchange exchange, TenantId tenant) {
        RequestFacts.tenant(exchange, tenant);
        exchange.heldFor(tenant.text());
    }

    /** As clients of Piston's public server send it. */
    private static Optional<String> bare(Exchange exchange) {
        return exchange.header("Authorization").map(String::strip).filter(text -> text.startsWith(KEY_BEGIN));
    }

    private Caller keyed(Exchange exchange, Optional<String> presented, KeyScope least, Traffic traffic) {
        ApiKey key;
        try {
            key = authentication.authenticate(exchange, presented);
        } catch (Failure e) {
            throw presented.isEmpty() && e.code() == ErrorCode.UNAUTHENTICATED
                    ? new Failure(
                            ErrorCode.UNAUTHENTICATED,
                            "the request has no API key",
                            "send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY', or put it into the base URL:"
                                    + " http://HOST/k/KEY")
                    : e;
        }
        isFor(exchange, key.tenant());
        if (!key.scope().covers(least)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "this needs an API key of scope '" + least.label() + "'; that of the request has the scope '"
                            + key.scope().label() + "'",
                    "'skerry keys create --scope " + least.label() + "' makes one, for whoever may");
        }
        limits.pass(traffic, key.id());
        return new Caller(
                key.tenant(),
                Optional.of(key),
                Optional.empty(),
                settings.sandboxes().isolation());
    }

    private Caller anonymous(Exchange exchange, KeyScope least, Traffic traffic) {
        String network = RateLimits.network(exchange.remote());
        isFor(exchange, TenantId.ANONYMOUS);
        if (!KeyScope.SANDBOXES.covers(least)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "this needs an API key of scope '" + least.label() + "'",
                    "'skerry keys create --scope " + least.label() + "' makes one, for whoever may");
        }
        requireNoForeignPage(exchange);
        limits.pass(traffic == Traffic.JOB ? Traffic.ANONYMOUS : Traffic.UNKNOWN, network);
        return new Caller(
                TenantId.ANONYMOUS,
                Optional.empty(),
                Optional.of(network),
                settings.piston().anonymousIsolation());
    }

    /**
     * A browser sends what any page asks for to addresses that only its own machine reaches. It says which page that
     * was; and a page whose name was made to lead here asks for that name.
     */
    private void requireNoForeignPage(Exchange exchange) {
        String asked = exchange.authority();
        boolean foreign = exchange.header("Origin")
                .filter(origin -> !asked.equalsIgnoreCase(host(origin)))
                .isPresent();
        boolean renamed = settings.piston()
                .listen()
                .filter(address -> isLoopback(address.host()) && !isLoopback(name(asked)))
                .isPresent();
        if (foreign || renamed) {
            throw new Failure(
                    ErrorCode.DENIED,
                    foreign
                            ? "a page of another origin asks without an API key"
                            : "'" + name(asked)
                                    + "' is asked for without an API key at an address of this machine only",
                    "send an API key");
        }
    }

    private static String host(String origin) {
        try {
            return Optional.ofNullable(URI.create(origin).getAuthority()).orElse("");
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static String name(String authority) {
        return authority.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
    }

    private static boolean isLoopback(String name) {
        if (name.equals("localhost") || name.endsWith(".localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(name.startsWith("[") ? name.substring(1, name.length() - 1) : name)
                    .isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
