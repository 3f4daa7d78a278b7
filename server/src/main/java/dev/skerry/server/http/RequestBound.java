package dev.skerry.server.http;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts requests under way, over all and for each client. Without it one client could have as many at a time as it has
 * connections times streams, each kept alive by not reading its answer. Thread-safe.
 */
final class RequestBound {
    private final int most;
    private final int mostOfOne;
    private final AtomicInteger all = new AtomicInteger();
    private final ConcurrentMap<String, Integer> byClient = new ConcurrentHashMap<>();

    RequestBound(int most, int mostOfOne) {
        this.most = most;
        this.mostOfOne = mostOfOne;
    }

    /** Whether there is room; who got some gives it back with {@link #leave}. */
    boolean enter(String client) {
        boolean room = all.incrementAndGet() <= most;
        boolean share = byClient.merge(client, 1, Integer::sum) <= mostOfOne;
        if (room && share) {
            return true;
        }
        leave(client);
        return false;
    }

    void leave(String client) {
        byClient.computeIfPresent(client, (_, count) -> count == 1 ? null : count - 1);
        all.decrementAndGet();
    }
}
