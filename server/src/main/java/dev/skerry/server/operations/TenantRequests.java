package dev.skerry.server.operations;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How requests of each tenant came out. Of many tenants those that came first have a number of their own, the rest have
 * one together. Thread-safe.
 */
final class TenantRequests {
    static final int TENANTS_MAX = 200;

    /** No tenant can have that as its id. */
    static final String REST = "(others)";

    private static final int TOO_MANY = 429;

    private final MeterRegistry registry;
    private final Set<String> known = ConcurrentHashMap.newKeySet();
    private final ConcurrentMap<Kind, Counter> counters = new ConcurrentHashMap<>();

    private enum Outcome {
        OK,
        REFUSED,
        /** A quota or a rate. */
        LIMITED,
        FAILED;

        static Outcome of(int status) {
            if (status == TOO_MANY) {
                return LIMITED;
            }
            return status >= 500 ? FAILED : status >= 400 ? REFUSED : OK;
        }
    }

    private record Kind(String tenant, Outcome outcome) {}

    TenantRequests(MeterRegistry registry) {
        this.registry = registry;
    }

    void count(String tenant, int status) {
        boolean own = known.contains(tenant) || (known.size() < TENANTS_MAX && known.add(tenant));
        counters.computeIfAbsent(new Kind(own ? tenant : REST, Outcome.of(status)), this::counter)
                .increment();
    }

    private Counter counter(Kind kind) {
        return Counter.builder("skerry.tenant.requests")
                .description("Requests of the tenant that were answered, by outcome.")
                .tag("tenant", kind.tenant())
                .tag("outcome", kind.outcome().name().toLowerCase(Locale.ROOT))
                .register(registry);
    }
}
