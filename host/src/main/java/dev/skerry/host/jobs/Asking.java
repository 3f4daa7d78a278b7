package dev.skerry.host.jobs;

import dev.skerry.host.templates.Template;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.time.Duration;
import java.util.Map;

/**
 * Asks templates which languages they have, in a sandbox of its own each. The programs that answer are the template's:
 * they are walled off as those of its jobs are at least. Thread-safe.
 */
final class Asking {
    /** Of all questions together. */
    private static final Duration BOUND = Duration.ofMinutes(2);

    private static final Limits LIMITS =
            Limits.DEFAULT.withMemoryBytes(1L << 30).withWallTime(BOUND);

    private final Maker maker;
    private volatile Map<String, Isolation> floors = Map.of();

    /** As {@link JobSandboxes#make}. */
    @FunctionalInterface
    interface Maker {
        JobSandbox make(String template, Isolation floor, Limits limits);
    }

    Asking(Maker maker) {
        this.maker = maker;
    }

    /** @param ofTemplates by {@link #name}; container where nothing is said */
    void floors(Map<String, Isolation> ofTemplates) {
        floors = Map.copyOf(ofTemplates);
    }

    /** By which a template is known to those who run something in it. */
    static String name(Template template) {
        return template.name().isEmpty() ? template.digest() : template.name();
    }

    /** @throws dev.skerry.wire.Failure {@code UNSUPPORTED} where nothing here walls it off as it has to be */
    Questions.Answer ask(Template template) throws InterruptedException {
        Isolation floor = floors.getOrDefault(name(template), Isolation.CONTAINER);
        try (JobSandbox sandbox = maker.make(template.digest(), floor, LIMITS)) {
            return new Questions(sandbox).ask();
        }
    }
}
