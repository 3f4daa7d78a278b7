package dev.skerry.server.webhooks;

import dev.skerry.wire.SandboxId;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What is known of a webhook beyond its row, while this server delivers: what behind its position was delivered, and
 * which sandboxes' events wait. A server that takes over knows none of it, and delivers some a second time.
 */
final class Progress {
    /** Sequences behind the position. */
    final Set<Long> delivered = ConcurrentHashMap.newKeySet();

    /** Sandboxes whose next event has failed. */
    final Map<SandboxId, Waiting> waiting = new ConcurrentHashMap<>();

    private final AtomicBoolean underWay = new AtomicBoolean();

    /** Up to this event there was nothing for it. */
    volatile long nothingUpTo;

    record Waiting(int failures, Instant until) {}

    /** @return false: a round is under way */
    boolean enter() {
        return underWay.compareAndSet(false, true);
    }

    void leave() {
        underWay.set(false);
    }

    boolean idle() {
        return !underWay.get();
    }
}
