package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tenants.TokenBucket;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What every tenant has taken of its quota, and how many sandboxes run in all. To look whether there is room and to
 * take it is one step. Thread-safe; its lock is the innermost.
 */
final class Ledger {
    private static final int BUCKETS_MAX = 10_000;

    private final int runningMax;
    private final Map<TenantId, Holding> taken = new HashMap<>();
    private final Set<TenantId> retired = new HashSet<>();

    /** They outlive what was created; the one that was used least lately goes first. */
    private final Map<TenantId, TokenBucket> creates = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<TenantId, TokenBucket> eldest) {
            return size() > BUCKETS_MAX;
        }
    };

    private Holding all = Holding.NOTHING;

    /** @param runningMax sandboxes of all tenants that run at a time */
    Ledger(int runningMax) {
        this.runningMax = runningMax;
    }

    /**
     * Takes what a sandbox needs beyond what it has.
     *
     * @param created when it is a new one, which counts for the quota of creates
     * @throws Failure {@code LIMIT_EXCEEDED}, and nothing was taken; {@code NOT_FOUND} for a tenant that was deleted
     */
    synchronized void reserve(TenantId tenant, Holding before, Holding after, Quota quota, Created created) {
        if (retired.contains(tenant)) {
            throw Tenants.missing(tenant.text());
        }
        Holding more = after.minus(before);
        if (more.runs() > 0 && all.runs() + more.runs() > runningMax) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "you have reached the maximum number of concurrent E2B sandboxes (" + runningMax + ")",
                    "end or pause one that is not needed; the operator sets the maximum");
        }
        Holding own = of(tenant);
        for (Resource resource : Resource.values()) {
            OptionalLong limit = quota.limit(resource);
            if (more.of(resource) > 0
                    && limit.isPresent()
                    && own.of(resource) + more.of(resource) > limit.getAsLong()) {
                throw new Failure(
                        ErrorCode.LIMIT_EXCEEDED,
                        refusal(tenant, resource, limit.getAsLong(), own, more.of(resource)),
                        hint(resource));
            }
        }
        if (created.isNew()) {
            quota.limit(Resource.CREATES_PER_SECOND).ifPresent(limit -> takeTurn(tenant, limit, created.at()));
        }
        book(tenant, more);
    }

    /**
     * Whether something is created, and when.
     *
     * @param isNew false: it was there before
     */
    record Created(boolean isNew, Instant at) {}

    private static String refusal(TenantId tenant, Resource resource, long limit, Holding own, long more) {
        String what = "the quota of tenant '" + tenant + "' of ";
        return switch (resource) {
            case SANDBOXES ->
                "you have reached the maximum number of concurrent E2B sandboxes (" + limit + "): " + what
                        + "sandboxes is " + limit + ", and " + own.runs() + " run";
            case CPU_MILLIS ->
                what + "CPUs is " + cpus(limit) + ", of which " + cpus(own.cpuMillis()) + " are in use; this needs "
                        + cpus(more);
            case MEMORY_BYTES ->
                what + "memory is " + Quantity.ofBytes(limit) + ", of which " + Quantity.ofBytes(own.memoryBytes())
                        + " are in use; this needs " + Quantity.ofBytes(more);
            case DISK_BYTES ->
                what + "disk is " + Quantity.ofBytes(limit) + ", of which " + Quantity.ofBytes(own.diskBytes())
                        + " are in use; this needs " + Quantity.ofBytes(more);
            case CREATES_PER_SECOND -> what + "creates is " + limit + " in a second, and they are used up";
            case JOBS -> what + "jobs is " + limit;
        };
    }

    private static String hint(Resource resource) {
        return switch (resource) {
            case SANDBOXES, CPU_MILLIS -> "end or pause one that is not needed; the operator sets the quota";
            case MEMORY_BYTES -> "end one that is not needed, or pause it to disk; the operator sets the quota";
            case DISK_BYTES -> "end one that is not needed; the operator sets the quota";
            case CREATES_PER_SECOND -> "create fewer in a second; the operator sets the quota";
            case JOBS -> "the operator sets the quota";
        };
    }

    private static String cpus(long millis) {
        return millis % 1000 == 0 ? String.valueOf(millis / 1000) : String.valueOf(millis / 1000.0);
    }

    private void takeTurn(TenantId tenant, long perSecond, Instant now) {
        String refusal = refusal(tenant, Resource.CREATES_PER_SECOND, perSecond, Holding.NOTHING, 1);
        if (perSecond == 0) {
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, refusal, hint(Resource.CREATES_PER_SECOND));
        }
        TokenBucket bucket = creates.computeIfAbsent(tenant, _ -> new TokenBucket((double) perSecond, now));
        Duration wait = bucket.take((double) perSecond, (double) perSecond, now);
        if (!wait.isZero()) {
            throw Failure.limited(refusal, hint(Resource.CREATES_PER_SECOND), wait);
        }
    }

    /** Takes or gives back what a sandbox has come to need, whether or not there is room. */
    synchronized void change(TenantId tenant, Holding before, Holding after) {
        book(tenant, after.minus(before));
    }

    private void book(TenantId tenant, Holding more) {
        Holding next = of(tenant).plus(more);
        if (next.equals(Holding.NOTHING)) {
            taken.remove(tenant);
        } else {
            taken.put(tenant, next);
        }
        all = all.plus(more);
    }

    synchronized Holding of(TenantId tenant) {
        return taken.getOrDefault(tenant, Holding.NOTHING);
    }

    synchronized Holding all() {
        return all;
    }

    /** Of each tenant that has something. */
    synchronized Map<TenantId, Map<Resource, Long>> byTenant() {
        return taken.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue()
                .amounts()));
    }

    /** See {@link Sandboxes#retire}. */
    void retire(TenantId tenant, Runnable deletion) {
        close(tenant);
        try {
            deletion.run();
        } catch (RuntimeException | Error e) {
            reopen(tenant);
            throw e;
        }
    }

    private synchronized void close(TenantId tenant) {
        long lives = of(tenant).lives();
        if (lives > 0) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the tenant '" + tenant + "' has " + lives + (lives == 1 ? " sandbox" : " sandboxes")
                            + ", running or paused",
                    "end them first");
        }
        retired.add(tenant);
    }

    private synchronized void reopen(TenantId tenant) {
        retired.remove(tenant);
    }
}
