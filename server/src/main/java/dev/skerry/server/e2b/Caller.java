package dev.skerry.server.e2b;

import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;

/**
 * Who sent a request.
 *
 * @param keyText the key as it was presented; never logged
 */
record Caller(ApiKey key, String keyText) {
    TenantId tenant() {
        return key.tenant();
    }

    boolean may(KeyScope scope) {
        return key.scope().covers(scope);
    }

    @Override
    public String toString() {
        return "Caller[" + key.id() + " of " + tenant() + "]";
    }
}
