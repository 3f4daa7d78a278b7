package dev.skerry.bench.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How evenly users were served.
 *
 * @param jobs of all users
 */
record Fairness(List<Job> jobs) {
    Fairness {
        jobs = List.copyOf(jobs);
        if (jobs.isEmpty()) {
            throw new IllegalArgumentException("nobody handed anything in");
        }
    }

    /** One job: whose it was, when it was handed in, when its turn came and when it had ended. */
    record Job(String user, Instant came, Instant began, Instant ended) {}

    /**
     * Jain's index of how many jobs of each user had begun when as many had as are half of what each handed in at least
     * (Jain, Chiu and Hawe 1984): 1 when users had the same, 1/n when one had all. Later, who handed in more has more.
     */
    double index() {
        return index(Job::began);
    }

    /** What it would have been in the order in which the jobs came. */
    double inOrderOfArrival() {
        return index(Job::came);
    }

    /** The same of the time for which each user's jobs had run by then. */
    double indexOfTime() {
        List<Job> begun = first(Job::began);
        Instant then = begun.getLast().began();
        Map<String, Double> shares = new LinkedHashMap<>();
        jobs.forEach(job -> shares.put(job.user(), 0.0));
        begun.forEach(job -> shares.merge(
                job.user(),
                Duration.between(job.began(), job.ended().isBefore(then) ? job.ended() : then)
                                .toNanos()
                        / 1e9,
                Double::sum));
        return jain(shares.values());
    }

    private double index(Function<Job, Instant> time) {
        Map<String, Double> shares = new LinkedHashMap<>();
        jobs.forEach(job -> shares.put(job.user(), 0.0));
        first(time).forEach(job -> shares.merge(job.user(), 1.0, Double::sum));
        return jain(shares.values());
    }

    /** In the order of a time, as many as are half of what each user handed in at least. */
    private List<Job> first(Function<Job, Instant> time) {
        Map<String, Long> counts = jobs.stream().collect(Collectors.groupingBy(Job::user, Collectors.counting()));
        long fewest = counts.values().stream().min(Comparator.naturalOrder()).orElseThrow();
        return jobs.stream()
                .sorted(Comparator.comparing(time))
                .limit(Math.ceilDiv(counts.size() * fewest, 2))
                .toList();
    }

    private static double jain(Collection<Double> shares) {
        double sum = shares.stream().mapToDouble(share -> share).sum();
        double squares = shares.stream().mapToDouble(share -> share * share).sum();
        return sum * sum / (shares.size() * squares);
    }

    /** How long each user waited for the turn of the first of its jobs, in milliseconds. */
    List<Double> firstTurns() {
        return perUser(own -> Duration.between(
                own.stream().map(Job::came).min(Comparator.naturalOrder()).orElseThrow(),
                own.stream().map(Job::began).min(Comparator.naturalOrder()).orElseThrow()));
    }

    /** How long each user waited until all its jobs had ended, in milliseconds. */
    List<Double> allEnded() {
        return perUser(own -> Duration.between(
                own.stream().map(Job::came).min(Comparator.naturalOrder()).orElseThrow(),
                own.stream().map(Job::ended).max(Comparator.naturalOrder()).orElseThrow()));
    }

    private List<Double> perUser(Function<List<Job>, Duration> wait) {
        List<Double> all = new ArrayList<>();
        jobs.stream()
                .collect(Collectors.groupingBy(Job::user))
                .values()
                .forEach(own -> all.add(wait.apply(own).toNanos() / 1e6));
        return all;
    }
}
