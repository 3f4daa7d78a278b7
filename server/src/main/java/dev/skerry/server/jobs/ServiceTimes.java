package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How long jobs take, as measured lately, by what runs them: for the first case with all that is before it, and for
 * each case after that. Moving averages, in which the last one counts a fifth. Whoever uses it from several threads
 * holds a lock.
 */
final class ServiceTimes {
    /** Runtimes that are remembered; those that were used last. */
    static final int RUNTIMES_MAX = 1000;

    private static final double LAST = 0.2;
    private static final double UNKNOWN_SECONDS = 0.5;

    private final Map<Key, Times> known = new LinkedHashMap<>(16, 0.75f, true);
    private double mean = UNKNOWN_SECONDS;

    private record Key(String template, String language, String version) {}

    private record Times(double first, double more) {
        Times with(double newFirst, double newMore) {
            return new Times(first + LAST * (newFirst - first), more + LAST * (newMore - more));
        }
    }

    private static Key key(LanguageRuntime runtime) {
        return new Key(runtime.template(), runtime.language(), runtime.version());
    }

    /** Empty: nothing like it was run yet. */
    Optional<Duration> measured(JobOrder order) {
        return Optional.ofNullable(known.get(key(order.runtime())))
                .map(times -> times.first() + times.more() * (order.cases().size() - 1))
                .map(ServiceTimes::duration);
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    /** In seconds; a guess where nothing was measured. */
    double expected(JobOrder order) {
        return measured(order).map(ServiceTimes::seconds).orElseGet(this::mean);
    }

    /** Of all jobs, in seconds. */
    double mean() {
        return mean;
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    void ran(LanguageRuntime runtime, JobOutcome outcome) {
        if (outcome.runs().isEmpty()) {
            return;
        }
        double total = seconds(outcome.total());
        double later = outcome.runs().stream()
                .skip(1)
                .map(StageOutcome::wall)
                .mapToDouble(ServiceTimes::seconds)
                .sum();
        double first = Math.max(0, total - later);
        Times before = known.get(key(runtime));
        int others = outcome.runs().size() - 1;
        // Where nothing is known of a second case it is as long as the program ran in the first.
        double more = others > 0
                ? later / others
                : before != null
                        ? before.more()
                        : seconds(outcome.runs().getFirst().wall());
        known.put(key(runtime), before == null ? new Times(first, more) : before.with(first, more));
        mean += LAST * (total - mean);
        if (known.size() > RUNTIMES_MAX) {
            Iterator<Key> oldest = known.keySet().iterator();
            Key _ = oldest.next();
            oldest.remove();
        }
    }
}
