package dev.skerry.server.jobs;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How many jobs were refused, by why. Thread-safe. */
public final class Refusals {
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

    void count(Reason reason) {
        counter(reason).increment();
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
