package dev.skerry.server.piston;

import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import java.util.Optional;

/**
 * Who sent a request.
 *
 * @param key empty: somebody who needs none here
 * @param user who it is within the tenant, where that is known without being told
 * @param floor the weakest isolation that will do
 */
record Caller(TenantId tenant, Optional<ApiKey> key, Optional<String> user, Isolation floor) {
    boolean anonymous() {
        return key.isEmpty();
    }

    @Override
    public String toString() {
        return "Caller[" + key.map(ApiKey::id).orElse("anonymous") + " of " + tenant + "]";
    }
}
