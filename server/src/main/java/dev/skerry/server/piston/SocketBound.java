package dev.skerry.server.piston;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** How many WebSockets there may be at a time; of one tenant half of them. Thread-safe. */
final class SocketBound {
    private final int most;
    private final Map<TenantId, Integer> byTenant = new HashMap<>();
    private int all;

    SocketBound(int most) {
        this.most = most;
    }

    /** @throws Failure {@code NO_CAPACITY}; {@code LIMIT_EXCEEDED} for a tenant that has its share */
    synchronized void enter(TenantId tenant) {
        int own = byTenant.getOrDefault(tenant, 0);
        if (all >= most) {
            throw new Failure(
                    ErrorCode.NO_CAPACITY, most + " WebSockets are open, and more there may not be", "try again later");
        }
        if (own >= Math.max(1, most / 2)) {
            throw Failure.limited(
                    "the tenant has " + own + " WebSockets open, which is its share",
                    "close one; the operator sets how many there may be",
                    Duration.ofSeconds(1));
        }
        byTenant.put(tenant, own + 1);
        all++;
    }

    synchronized void leave(TenantId tenant) {
        byTenant.computeIfPresent(tenant, (_, count) -> count == 1 ? null : count - 1);
        all--;
    }

    synchronized int open() {
        return all;
    }
}
