package dev.skerry.server.tenants;

import java.time.Duration;
import java.time.Instant;

/**
 * How often something may happen: so many times in a second on average, and a number of times at once after a pause.
 * Not thread-safe. A clock that is set back gives nothing, one that is set forward at most a full bucket.
 */
public final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private double tokens;
    private Instant at;

    /** A full one. */
    public TokenBucket(double capacity, Instant now) {
        this.tokens = capacity;
        this.at = now;
    }

    /**
     * Takes one, if there is one.
     *
     * @param perSecond more than 0
     * @param capacity at least 1
     * @return zero: it was taken; otherwise how long until there is one
     */
    public Duration take(double perSecond, double capacity, Instant now) {
        fill(perSecond, capacity, now);
        if (tokens >= 1) {
            tokens--;
            return Duration.ZERO;
        }
        return Duration.ofNanos((long) Math.ceil((1 - tokens) / perSecond * NANOS_PER_SECOND));
    }

    /** Like {@link #take}, but takes none. */
    public Duration look(double perSecond, double capacity, Instant now) {
        Duration wait = take(perSecond, capacity, now);
        if (wait.isZero()) {
            tokens++;
        }
        return wait;
    }

    private void fill(double perSecond, double capacity, Instant now) {
        double passed = Math.max(0, Duration.between(at, now).toNanos() / NANOS_PER_SECOND);
        tokens = Math.min(capacity, tokens + passed * perSecond);
        at = now;
    }
}
