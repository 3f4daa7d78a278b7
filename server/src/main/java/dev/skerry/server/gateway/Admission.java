package dev.skerry.server.gateway;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Counts what is under way for each of many, and lets no more in than a bound. Thread-safe. */
final class Admission<K> {
    private final int most;
    private final String message;
    private final ConcurrentMap<K, Integer> counts = new ConcurrentHashMap<>();

    /** @param message for whoever is one too many */
    Admission(int most, String message) {
        this.most = most;
        this.message = message;
    }

    /** One that is in, until it is closed. */
    final class Ticket implements AutoCloseable {
        private final K key;

        private Ticket(K key) {
            this.key = key;
        }

        @Override
        public void close() {
            leave(key);
        }
    }

    /** @throws Failure {@code LIMIT_EXCEEDED} */
    Ticket enter(K key) {
        if (counts.merge(key, 1, Integer::sum) > most) {
            leave(key);
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, message);
        }
        return new Ticket(key);
    }

    private void leave(K key) {
        counts.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
    }

    int size() {
        return counts.size();
    }
}
