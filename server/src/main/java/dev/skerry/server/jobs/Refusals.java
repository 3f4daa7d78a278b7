package dev.skerry.server.jobs;

import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Says why jobs are refused and when to ask again, and counts them. Thread-safe. */
public final class Refusals {
    private static final Duration RETRY_MIN = Duration.ofSeconds(1);
    static final Duration RETRY_MAX = Duration.ofMinutes(1);

    private final Map<Reason, LongAdder> counts = new EnumMap<>(Reason.class);

    /** Why a job was not taken. */
    public enum Reason {
        /** So many wait already. */
        QUEUE_FULL,
        /** So many of its tenant wait already. */
        TENANT_FULL,
        /** It cannot be done in time. */
        DEADLINE,
        /** Its tenant may run none. */
        QUOTA;

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    Refusals() {
        for (Reason reason : Reason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    /** @param wait until it would have been its turn */
    Failure refused(Reason reason, String message, Duration wait) {
        counter(reason).increment();
        Duration later = wait.dividedBy(2);
        Duration retry =
                later.compareTo(RETRY_MIN) < 0 ? RETRY_MIN : later.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : later;
        return Failure.limited(message, "try again in " + tenths(retry) + " s, or hand in less at a time", retry);
    }

    static String tenths(Duration duration) {
        return String.valueOf(Math.round(ServiceTimes.seconds(duration) * 10) / 10.0);
    }

    public long of(Reason reason) {
        return counter(reason).sum();
    }

    private LongAdder counter(Reason reason) {
        LongAdder counter = counts.get(reason);
        if (counter == null) {
            throw new IllegalStateException(reason.name());
        }
        return counter;
    }
}
