package dev.skerry.server.jobs;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Whose turn it is: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) with several places of service at a
 * time (Jin, Chase and Kaur, SIGMETRICS 2004), first between tenants by their weights, then between users of a tenant;
 * decision 0019 says why. Time is what it is told. It knows nothing of threads, and whoever uses it from several holds
 * a lock.
 *
 * @param <J> what waits
 */
final class FairOrder<J> {
    static final int PRIORITY_MAX = 10;

    /** Who waits so long has one priority more, up to the highest: nobody is kept waiting by priorities for ever. */
    static final Duration AGING = Duration.ofSeconds(10);

    /** After so many that left it is looked for what need not be remembered. */
    static final int SWEEP = 64;

    /** A tenant that has no bound of its own. */
    static final int SHARE = Integer.MAX_VALUE;

    private final int slots;
    private final ToDoubleFunction<String> weights;
    private final Map<String, TenantTurn<J>> tenants = new HashMap<>();

    /** Tenants that wait and may have more at a time. */
    private final TreeSet<TenantTurn<J>> ready = new TreeSet<>(
            Comparator.<TenantTurn<J>>comparingDouble(TenantTurn::tag).thenComparingLong(TenantTurn::since));

    private int share;
    private double virtual;
    private long sequence;
    private long leavings;
    private int waiting;
    private int running;

    /**
     * What is known of a job.
     *
     * @param priority within the tenant, from -10 to 10; higher goes first
     * @param cost what it is expected to take, in seconds
     */
    record Claim(String tenant, String user, int priority, double cost) {
        Claim {
            if (!(cost > 0) || Math.abs(priority) > PRIORITY_MAX) {
                throw new IllegalArgumentException("cost " + cost + ", priority " + priority);
            }
        }
    }

    /** A job's place in the order. */
    static final class Place<J> {
        private final J job;
        private final Claim claim;
        private final long arrival;
        private final long number;
        private boolean waits = true;

        private Place(J job, Claim claim, long arrival, long number) {
            this.job = job;
            this.claim = claim;
            this.arrival = arrival;
            this.number = number;
        }

        J job() {
            return job;
        }

        Claim claim() {
            return claim;
        }

        /** When it came, in nanoseconds of the clock that the order is told. */
        long arrival() {
            return arrival;
        }

        long number() {
            return number;
        }
    }

    /**
     * @param slots jobs that run at a time
     * @param weights of a tenant; one of 2 gets twice the time of one of 1
     */
    FairOrder(int slots, ToDoubleFunction<String> weights) {
        this.slots = slots;
        this.share = slots;
        this.weights = weights;
    }

    /** @param most jobs that run at a time of each tenant that has no bound of its own */
    void share(int most) {
        if (share != most) {
            share = most;
            ready.clear();
            tenants.values().stream().filter(this::isReady).forEach(ready::add);
        }
    }

    private boolean isReady(TenantTurn<J> tenant) {
        return tenant.waiting() > 0 && !tenant.full(share);
    }

    int waiting() {
        return waiting;
    }

    int running() {
        return running;
    }

    /** Of a tenant. */
    int waiting(String tenant) {
        TenantTurn<J> known = tenants.get(tenant);
        return known == null ? 0 : known.waiting();
    }

    /** How many tenants and users it remembers. */
    int flows() {
        return tenants.values().stream().mapToInt(tenant -> 1 + tenant.users()).sum();
    }

    /** @param cap jobs of the tenant that run at a time, from now on; {@link #SHARE}: as {@link #share} says */
    Place<J> offer(J job, Claim claim, int cap, long now) {
        TenantTurn<J> tenant = tenants.computeIfAbsent(claim.tenant(), TenantTurn::new);
        Place<J> place = new Place<>(job, claim, now, sequence++);
        change(tenant, () -> {
            if (tenant.waiting() == 0) {
                tenant.waitsSince(place.number(), virtual);
            }
            tenant.capped(cap);
            tenant.add(place);
        });
        waiting++;
        return place;
    }

    /** Takes the job out whose turn it is; it counts as running until it has ended. Empty: none may run now. */
    Optional<Place<J>> next(long now) {
        if (running >= slots || ready.isEmpty()) {
            return Optional.empty();
        }
        TenantTurn<J> tenant = ready.first();
        virtual = Math.max(virtual, tenant.tag());
        Place<J> place = change(tenant, () -> tenant.take(now, weight(tenant)));
        place.waits = false;
        waiting--;
        running++;
        return Optional.of(place);
    }

    private double weight(TenantTurn<J> tenant) {
        return Math.max(1e-3, weights.applyAsDouble(tenant.name()));
    }

    /**
     * One that was taken out has ended.
     *
     * @param took in seconds; what it took more or less than was expected is settled
     */
    void ended(Place<J> place, double took) {
        TenantTurn<J> tenant = tenants.get(place.claim().tenant());
        change(tenant, () -> {
            boolean full = tenant.full(share);
            tenant.ended(place, took, weight(tenant));
            if (full) {
                // While it could not have had more it was not waiting for others, and has nothing to catch up.
                tenant.notBefore(virtual);
            }
        });
        running--;
        forget(tenant);
    }

    /** Whether it was still waiting; it is not any more. */
    boolean remove(Place<J> place) {
        if (!place.waits) {
            return false;
        }
        TenantTurn<J> tenant = tenants.get(place.claim().tenant());
        change(tenant, () -> tenant.remove(place));
        place.waits = false;
        waiting--;
        forget(tenant);
        return true;
    }

    /** The tenant's place among the others goes by what is changed. */
    private <T> T change(TenantTurn<J> tenant, Supplier<T> work) {
        ready.remove(tenant);
        T result = work.get();
        if (isReady(tenant)) {
            ready.add(tenant);
        }
        return result;
    }

    private void change(TenantTurn<J> tenant, Runnable work) {
        change(tenant, () -> {
            work.run();
            return true;
        });
    }

    /** Who has nothing here is remembered while he has had more than others, but of those there are never many. */
    private void forget(TenantTurn<J> tenant) {
        if (waiting == 0 && running == 0) {
            tenants.clear();
            virtual = 0;
        } else if (tenant.idle() && tenant.tag() <= virtual) {
            tenants.remove(tenant.name());
        } else {
            tenant.forgetUsers(false);
        }
        leavings++;
        if (leavings % SWEEP == 0) {
            sweep(false);
            if (flows() > 2 * (waiting + running) + SWEEP) {
                sweep(true);
            }
        }
    }

    private void sweep(boolean all) {
        tenants.values().removeIf(tenant -> tenant.idle() && (all || tenant.tag() <= virtual));
        tenants.values().forEach(tenant -> tenant.forgetUsers(all));
    }

    List<Place<J>> waitingJobs() {
        return tenants.values().stream()
                .flatMap(tenant -> tenant.places().stream())
                .toList();
    }

    /** How many go before a job that comes now, if none come after it. */
    int ahead(String tenant, String user, int priority, long now) {
        TenantTurn<J> own = tenants.get(tenant);
        double ownTurns = own == null ? 0 : own.ahead(user, priority, now);
        double ownWeight = Math.max(1e-3, weights.applyAsDouble(tenant));
        double others = 0;
        for (TenantTurn<J> other : tenants.values()) {
            if (!other.name().equals(tenant)) {
                others += Math.min(other.waiting(), (ownTurns + 1) * weight(other) / ownWeight);
            }
        }
        return (int) Math.min(waiting, Math.round(ownTurns + others));
    }
}
