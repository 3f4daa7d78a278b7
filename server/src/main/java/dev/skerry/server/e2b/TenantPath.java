package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.wire.Failure;

/** The tenant that a path names. Whoever is not the server's operator finds only the own one. */
final class TenantPath {
    static final String VARIABLE = "tenantID";

    private TenantPath() {}

    /** @throws Failure {@code NOT_FOUND}; whether there is such a one is still to be looked at */
    static TenantId id(Exchange exchange, Caller caller) {
        String text = exchange.variable(VARIABLE);
        if (text.equals(caller.tenant().text())) {
            return caller.tenant();
        }
        if (!caller.may(KeyScope.ADMIN) || !TenantId.isLegal(text)) {
            throw Tenants.missing(Quoted.of(text));
        }
        return new TenantId(text);
    }
}
