package dev.skerry.wire.jobs;

import java.time.Duration;
import java.util.Optional;

/**
 * A pool as it is.
 *
 * @param ready can be claimed at once
 * @param starting being made
 * @param target how many shall be ready now, as forecast
 * @param hits claims that found one at once, since the pool is there; likewise {@code misses}, for which one is made
 *     after the request, {@code waits} for one to be made for the pool, whatever came of it, and {@code refusals}
 * @param failures to make one, or to keep it until it is claimed
 * @param demand claims a second, as forecast
 * @param making how long making one takes, lately
 * @param backoff why it makes none at the moment
 */
public record PoolState(
        PoolPlan plan,
        int ready,
        int starting,
        int target,
        long hits,
        long misses,
        long waits,
        long refusals,
        long failures,
        double demand,
        Duration making,
        Optional<String> backoff) {}
