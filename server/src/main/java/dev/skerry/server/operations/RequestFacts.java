package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.tenants.TenantId;
import java.util.Optional;

/** What becomes known of a request while it is answered, for its log record and for the metrics. */
public final class RequestFacts {
    private static final String ROUTE = "dev.skerry.route";
    private static final String TENANT = "dev.skerry.tenant";

    private RequestFacts() {}

    /** @param template as in the table of routes, so that there are few of them */
    public static void route(Exchange exchange, String template) {
        exchange.request().setAttribute(ROUTE, template);
    }

    public static void tenant(Exchange exchange, TenantId tenant) {
        exchange.request().setAttribute(TENANT, tenant.text());
    }

    static Optional<String> route(Exchange exchange) {
        return Optional.ofNullable((String) exchange.request().getAttribute(ROUTE));
    }

    static Optional<String> tenant(Exchange exchange) {
        return Optional.ofNullable((String) exchange.request().getAttribute(TENANT));
    }
}
