package dev.skerry.server.webhooks;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * When what failed is tried again: twice as long after each failure, and not all at the same time.
 *
 * @param giveUp how long one event is tried
 */
record Retry(Duration first, Duration most, Duration giveUp) {
    static final Retry STANDARD = new Retry(Duration.ofSeconds(1), Duration.ofHours(1), Duration.ofHours(24));

    private static final int DOUBLINGS_MAX = 30;

    /** @param failures 1 or more; @return between half of the pause and all of it */
    Duration pause(int failures, RandomGenerator random) {
        Duration whole = first.multipliedBy(1L << Math.min(failures - 1, DOUBLINGS_MAX));
        long millis = Math.min(whole.toMillis(), most.toMillis());
        return Duration.ofMillis(millis / 2 + random.nextLong(millis / 2 + 1));
    }
}
