package dev.skerry.host.pools;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When to try again after failures: each time twice as long, up to a minute, of which between half and all is waited,
 * so that several do not come back at once. A host that is short of room gets four times as long as a driver that
 * failed. Not thread-safe.
 */
final class Backoff {
    static final Duration FIRST = Duration.ofMillis(250);
    static final Duration FIRST_WHEN_SHORT = Duration.ofSeconds(1);
    static final Duration LONGEST = Duration.ofMinutes(1);
    private static final int DOUBLINGS_MAX = 16;

    private final RandomGenerator random;
    private int failures;
    private long until = Long.MIN_VALUE;
    private String reason = "";

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /** One of several that were under way together counts once. */
    void failed(Failure cause, long now) {
        reason = cause.code() + ": " + cause.getMessage();
        if (waits(now)) {
            return;
        }
        boolean shortOfRoom = cause.code() == ErrorCode.NO_CAPACITY || cause.code() == ErrorCode.NO_SPACE;
        Duration first = shortOfRoom ? FIRST_WHEN_SHORT : FIRST;
        long whole = Math.min(LONGEST.toNanos(), first.toNanos() << Math.min(failures, DOUBLINGS_MAX));
        until = now + whole / 2 + random.nextLong(whole / 2);
        failures++;
    }

    void succeeded() {
        failures = 0;
        until = Long.MIN_VALUE;
        reason = "";
    }

    boolean waits(long now) {
        return failures > 0 && now < until;
    }

    /** The last attempt failed: the next one is alone. */
    boolean doubtful() {
        return failures > 0;
    }

    /** Until the next attempt; zero when it may be made. */
    Duration left(long now) {
        return waits(now) ? Duration.ofNanos(until - now) : Duration.ZERO;
    }

    Optional<String> reason(long now) {
        String next = waits(now) ? "; next attempt in " + left(now).toMillis() + " ms" : "; trying again";
        return doubtful() ? Optional.of(reason + next) : Optional.empty();
    }
}
