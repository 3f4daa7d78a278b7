package dev.skerry.server.jobs;

import dev.skerry.server.jobs.JobStore.Telling;
import dev.skerry.server.tenants.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whose callback is next. Tenants take turns; a receiver that failed or was slow the last time is asked by one at a
 * time, and all such together have half of the places, so that who answers never waits for who does not. What is told
 * at a time is bounded in characters too. Knows no threads and no clock; whoever uses it from several holds a lock.
 */
final class CallbackTurns {
    static final int PLACES = 16;
    static final int OF_TENANT = 4;

    /** For receivers that failed or were slow the last time: in all, and of a tenant. */
    static final int TROUBLED = 8;

    static final int TROUBLED_OF_TENANT = 1;

    /** Of a result. A longer one is told with no other longer one beside it, so that memory is bounded. */
    static final long LONG = 1 << 20;

    /** Who takes longer for an answer is slow. */
    static final Duration SLOW = Duration.ofSeconds(2);

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofMinutes(1);
    private static final int RECEIVERS_MAX = 10_000;
    private static final int DOUBLINGS_MAX = 6;

    private final Map<String, Flight> flights = new HashMap<>();
    private final Map<Receiver, Trouble> troubles = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<TenantId, Served> served = new HashMap<>();
    private long count;

    /** Who is told, as far as health goes. */
    private record Receiver(TenantId tenant, String authority) {
        static Receiver of(Telling telling) {
            String[] parts = telling.url().split("/", 4);
            return new Receiver(telling.tenant(), parts.length > 2 ? parts[2] : telling.url());
        }
    }

    private record Flight(Telling telling, boolean troubled) {}

    /** @param failures 0: it was only slow */
    private record Trouble(int failures, Instant until) {}

    /** @param last the number of its last one, of all tenants */
    private record Served(long last, long count) {
        static final Served NEVER = new Served(0, 0);
    }

    /**
     * What to do now.
     *
     * @param begin to be told now; each is to be given to {@link #over}
     * @param later whose receiver is not asked yet, and when it will be
     */
    record Plan(List<Telling> begin, Map<Instant, List<Telling>> later) {}

    /** @param due oldest first */
    Plan plan(List<Telling> due, Instant now) {
        Map<TenantId, List<Telling>> lines = new LinkedHashMap<>();
        Map<Instant, List<Telling>> later = new LinkedHashMap<>();
        for (Telling one : due) {
            Trouble trouble = troubles.get(Receiver.of(one));
            if (flights.containsKey(one.token())) {
                continue;
            }
            if (trouble != null && now.isBefore(trouble.until())) {
                later.computeIfAbsent(trouble.until(), _ -> new ArrayList<>()).add(one);
            } else {
                lines.computeIfAbsent(one.tenant(), _ -> new ArrayList<>()).add(one);
            }
        }
        List<Telling> begin = new ArrayList<>();
        Optional<Telling> next = next(lines);
        while (next.isPresent()) {
            begin.add(next.get());
            next = next(lines);
        }
        return new Plan(begin, later);
    }

    private Optional<Telling> next(Map<TenantId, List<Telling>> lines) {
        List<TenantId> order = lines.keySet().stream()
                .sorted(Comparator.comparingLong(this::inFlight)
                        .thenComparingLong(tenant -> served(tenant).last()))
                .toList();
        for (TenantId tenant : order) {
            List<Telling> line = lines.getOrDefault(tenant, List.of());
            // The oldest, and then the newest.
            boolean newest = served(tenant).count() % 2 == 1;
            Optional<Telling> found = (newest ? line.reversed() : line)
                    .stream().filter(this::mayBegin).findFirst();
            if (found.isPresent()) {
                line.remove(found.get());
                begin(found.get());
                return found;
            }
        }
        return Optional.empty();
    }

    private Served served(TenantId tenant) {
        return served.getOrDefault(tenant, Served.NEVER);
    }

    private long inFlight(TenantId tenant) {
        return flights.values().stream()
                .filter(flight -> flight.telling().tenant().equals(tenant))
                .count();
    }

    private boolean mayBegin(Telling one) {
        if (flights.size() >= PLACES || inFlight(one.tenant()) >= OF_TENANT) {
            return false;
        }
        if (troubles.containsKey(Receiver.of(one))) {
            List<Flight> troubled =
                    flights.values().stream().filter(Flight::troubled).toList();
            long own = troubled.stream()
                    .filter(flight -> flight.telling().tenant().equals(one.tenant()))
                    .count();
            if (troubled.size() >= TROUBLED || own >= TROUBLED_OF_TENANT) {
                return false;
            }
        }
        return one.size() <= LONG
                || flights.values().stream()
                        .noneMatch(flight -> flight.telling().size() > LONG);
    }

    private void begin(Telling one) {
        count++;
        served.put(one.tenant(), new Served(count, served(one.tenant()).count() + 1));
        flights.put(one.token(), new Flight(one, troubles.containsKey(Receiver.of(one))));
    }

    /** @param arrived empty: nothing was asked */
    void over(Telling one, Optional<Boolean> arrived, Duration took, Instant now) {
        flights.remove(one.token());
        if (arrived.isPresent()) {
            heard(Receiver.of(one), arrived.get(), took, now);
        }
        if (served.size() > RECEIVERS_MAX) {
            served.clear();
        }
    }

    private void heard(Receiver receiver, boolean arrived, Duration took, Instant now) {
        if (arrived && took.compareTo(SLOW) <= 0) {
            troubles.remove(receiver);
            return;
        }
        Trouble before = troubles.get(receiver);
        int failures = arrived ? 0 : before == null ? 1 : before.failures() + 1;
        troubles.put(receiver, new Trouble(failures, now.plus(pause(failures))));
        if (troubles.size() > RECEIVERS_MAX) {
            troubles.remove(troubles.keySet().iterator().next());
        }
    }

    private static Duration pause(int failures) {
        if (failures == 0) {
            return Duration.ZERO;
        }
        Duration pause = PAUSE.multipliedBy(1L << Math.min(failures - 1, DOUBLINGS_MAX));
        return pause.compareTo(PAUSE_MAX) < 0 ? pause : PAUSE_MAX;
    }

    int flights() {
        return flights.size();
    }
}
