package dev.skerry.server.jobs;

import dev.skerry.server.jobs.FairOrder.Claim;
import dev.skerry.server.jobs.FairOrder.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/** Runs jobs in their order in a time that is made up. */
final class OrderedRun {
    private static final double NANOS = 1e9;

    final FairOrder<Job> order;
    final List<Job> started = new ArrayList<>();
    final Map<String, Double> served = new HashMap<>();

    /** Of tenants that may have more or fewer at a time; known with their next job. */
    final Map<String, Integer> caps = new HashMap<>();

    /** Of those that have none of their own. */
    int bound = Integer.MAX_VALUE;

    double now;
    private final PriorityQueue<Running> running = new PriorityQueue<>(Comparator.comparingDouble(Running::end));
    private final int slots;
    private final int cap;
    private final Map<String, Integer> runningOf = new HashMap<>();
    private final Map<String, Integer> waitingOf = new HashMap<>();

    /** @param actual seconds that it takes; the claim says what is expected */
    record Job(Claim claim, double actual, double arrival) {
        String who() {
            return claim.tenant() + "/" + claim.user();
        }
    }

    private record Running(Place<Job> place, double end) {}

    OrderedRun(int slots, int cap, Map<String, Double> weights) {
        this.slots = slots;
        this.cap = cap;
        this.order = new FairOrder<>(slots, tenant -> weights.getOrDefault(tenant, 1.0));
    }

    Place<Job> offer(String tenant, String user, int priority, double expected, double actual) {
        Claim claim = new Claim(tenant, user, priority, expected);
        waitingOf.merge(tenant, 1, Integer::sum);
        return order.offer(new Job(claim, actual, now), claim, cap(tenant), nanos());
    }

    private int cap(String tenant) {
        return caps.getOrDefault(tenant, cap);
    }

    private int most(String tenant) {
        return cap(tenant) == FairOrder.SHARE ? bound : cap(tenant);
    }

    private long nanos() {
        return (long) (now * NANOS);
    }

    boolean withdraw(Place<Job> place) {
        boolean was = order.remove(place);
        if (was) {
            waitingOf.merge(place.claim().tenant(), -1, Integer::sum);
        }
        return was;
    }

    /** Starts all that may start; no place stays free that could be used. */
    void fill() {
        Optional<Place<Job>> next = order.next(nanos());
        while (next.isPresent()) {
            Job job = next.get().job();
            started.add(job);
            runningOf.merge(job.claim().tenant(), 1, Integer::sum);
            waitingOf.merge(job.claim().tenant(), -1, Integer::sum);
            running.add(new Running(next.get(), now + job.actual()));
            next = order.next(nanos());
        }
        boolean couldRun = waitingOf.entrySet().stream()
                .anyMatch(entry ->
                        entry.getValue() > 0 && runningOf.getOrDefault(entry.getKey(), 0) < most(entry.getKey()));
        if (running.size() < slots && couldRun) {
            throw new AssertionError("a place is free, and somebody waits who could use it");
        }
        if (running.size() > slots
                || runningOf.entrySet().stream().anyMatch(entry -> entry.getValue() > cap(entry.getKey()))) {
            throw new AssertionError("more run than may");
        }
    }

    /** To the next end of a job; false: nothing runs. */
    boolean step() {
        fill();
        Running first = running.poll();
        if (first == null) {
            return false;
        }
        now = first.end();
        Job job = first.place().job();
        runningOf.merge(job.claim().tenant(), -1, Integer::sum);
        served.merge(job.who(), job.actual(), Double::sum);
        served.merge(job.claim().tenant(), job.actual(), Double::sum);
        order.ended(first.place(), job.actual());
        fill();
        return true;
    }

    void drain() {
        boolean more = step();
        while (more) {
            more = step();
        }
    }

    /** Jain, Chiu and Hawe 1984: 1 when all have the same, 1/n when one has all. */
    static double jain(List<Double> shares) {
        double sum = shares.stream().mapToDouble(Double::doubleValue).sum();
        double squares = shares.stream().mapToDouble(share -> share * share).sum();
        return sum * sum / (shares.size() * squares);
    }
}
