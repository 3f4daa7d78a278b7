package dev.skerry.bench.judging;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What happened in each second of a day. Thread-safe. */
final class DayLog {
    private final List<Second> seconds = new ArrayList<>();

    /** Under way in the client's view. */
    final AtomicInteger open = new AtomicInteger();

    /**
     * A second.
     *
     * @param millis of each program that was answered in it, sent until answered, its waiting after refusals included
     * @param refused how often somebody was sent away for a moment
     * @param server what the server says of itself, by the names of its metrics
     */
    record Second(List<Double> millis, AtomicInteger refused, Map<String, Double> server) {}

    synchronized void begin(Map<String, Double> server) {
        seconds.add(new Second(new ArrayList<>(), new AtomicInteger(), server));
    }

    synchronized void answered(double millis) {
        seconds.getLast().millis().add(millis);
    }

    synchronized void refused() {
        seconds.getLast().refused().incrementAndGet();
    }

    synchronized List<Second> seconds() {
        return List.copyOf(seconds);
    }
}
