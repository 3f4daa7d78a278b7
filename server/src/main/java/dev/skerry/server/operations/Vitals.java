package dev.skerry.server.operations;

import dev.skerry.server.operations.Health.Finding;
import dev.skerry.server.operations.Health.State;
import io.micrometer.core.instrument.Gauge;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every few seconds at what takes a moment to see, on a thread of its own: a question for the metrics is answered
 * with what was seen last, and does not hang with a database that does. Thread-safe.
 */
public final class Vitals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Vitals.class);
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final List<String> CHECKS = List.of("database", "host", "templates", "disk");

    private final Supplier<Health> health;
    private final Map<String, LongSupplier> questions;
    private final Thread thread;
    private volatile Seen seen = new Seen(Map.of(), Map.of(), System.nanoTime());

    private record Seen(Map<String, Boolean> checks, Map<String, Long> answers, long atNanos) {}

    /**
     * @param health of now: without a host there is less to look at
     * @param questions by the name of their metric; may wait for the database
     */
    public Vitals(Supplier<Health> health, Map<String, LongSupplier> questions) {
        this.health = health;
        this.questions = Map.copyOf(questions);
        this.thread = Thread.ofVirtual().name("vitals").unstarted(this::run);
    }

    public Vitals start() {
        thread.start();
        return this;
    }

    /** @param descriptions of the questions */
    public void bindTo(ServerMetrics metrics, Map<String, String> descriptions) {
        for (String check : CHECKS) {
            Gauge.builder("skerry.health", () -> value(check))
                    .description("1: what the server depends on is well; 0: it is not; NaN: it was not looked at.")
                    .tag("check", check)
                    .register(metrics.registry());
        }
        questions
                .keySet()
                .forEach(name -> metrics.gauge(
                        name, descriptions.get(name), () -> seen.answers().getOrDefault(name, 0L)));
        metrics.gauge(
                "skerry.vitals.age.seconds",
                "Since it was last seen whether the server is well.",
                () -> Duration.ofNanos(System.nanoTime() - seen.atNanos()).toSeconds());
    }

    private double value(String check) {
        Boolean well = seen.checks().get(check);
        return well == null ? Double.NaN : well ? 1 : 0;
    }

    private void run() {
        try {
            while (true) {
                look();
                Thread.sleep(EVERY);
            }
        } catch (InterruptedException e) {
            LOG.trace("nobody looks any more", e);
        }
    }

    private void look() throws InterruptedException {
        Map<String, Boolean> checks = health.get().report().findings().stream()
                .collect(Collectors.toMap(Finding::name, finding -> finding.state() == State.OK));
        // What asks the database waits for it; without one there is no answer but the last.
        seen = new Seen(checks, seen.answers(), System.nanoTime());
        if (checks.getOrDefault("database", false)) {
            try {
                Map<String, Long> answers = questions.entrySet().stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, question -> question.getValue()
                                .getAsLong()));
                seen = new Seen(checks, answers, System.nanoTime());
            } catch (RuntimeException e) {
                LOG.atWarn().setCause(e).log("what the metrics show of the database is old");
            }
        }
    }

    /** Waits for what is asked of the database, which is closed afterwards. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            if (!thread.join(CLOSE)) {
                LOG.warn("something that the server looks at has not answered within {}", CLOSE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
