package dev.skerry.bench.judging;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** What happened in each second of a day. Thread-safe. */
final class DayLog {
    private final List<Second> seconds = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /**
     * A program that was answered.
     *
     * @param millis sent until answered, its waiting after refusals included
     * @param start how ready its sandbox was, as the answer says
     */
    record Answered(double millis, String start) {}

    /**
     * A second.
     *
     * @param answered in it
     * @param refused how often somebody was sent away for a moment
     * @param server what the server says of itself at its beginning, by the names of its metrics
     */
    record Second(List<Answered> answered, AtomicInteger refused, Map<String, Double> server) {
        private static final String CLAIMS = "skerry_pool_claims_total";

        /** Programs in the server's queue. */
        double queued() {
            return metric("skerry_jobs_waiting");
        }

        /** Sandboxes that wait in pools. */
        double ready() {
            return metric("skerry_pool_ready");
        }

        /** 0 in the first second, which nobody was asked about. */
        private double metric(String name) {
            if (server.isEmpty()) {
                return 0;
            }
            return Optional.ofNullable(server.get(name))
                    .orElseThrow(() -> new IllegalStateException("the server has no metric " + name));
        }

        double hits() {
            return metric(CLAIMS + " result=\"hit\"");
        }

        /** Of any result, since the server began. */
        double claims() {
            return server.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(CLAIMS))
                    .mapToDouble(Map.Entry::getValue)
                    .sum();
        }

        /** The share of claims since another second that found one ready; 0 without any. */
        double hitRateSince(Second other) {
            double all = claims() - other.claims();
            return all <= 0 ? 0 : (hits() - other.hits()) / all;
        }

        List<Double> millis() {
            return answered.stream().map(Answered::millis).toList();
        }
    }

    synchronized void begin(Map<String, Double> server) {
        seconds.add(new Second(new ArrayList<>(), new AtomicInteger(), server));
    }

    synchronized void answered(Answered one) {
        seconds.getLast().answered().add(one);
    }

    /** A program that was not answered, or wrongly. */
    synchronized void failed(String how) {
        failures.add(how);
    }

    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    synchronized void refused() {
        seconds.getLast().refused().incrementAndGet();
    }

    synchronized List<Second> seconds() {
        return List.copyOf(seconds);
    }
}
