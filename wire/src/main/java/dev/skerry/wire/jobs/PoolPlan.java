package dev.skerry.wire.jobs;

import dev.skerry.wire.Isolation;
import java.time.Duration;
import java.util.Optional;

/**
 * A pool of ready sandboxes that shall be there.
 *
 * @param template by name
 * @param isolation the level that its sandboxes have
 * @param prestart the language whose interpreter waits in each; empty: none
 * @param sandboxBytes memory that each may use before it is claimed
 * @param floor so many at least
 * @param cap so many at most
 * @param hitRate share of jobs, 0 to 1, that shall find a ready sandbox; how many that takes is forecast from demand
 * @param idleBytes what all that wait may cost together, at most
 * @param miss what a job does that finds none
 * @param patience how long it waits, where it does
 */
public record PoolPlan(
        String template,
        Isolation isolation,
        Optional<String> prestart,
        long sandboxBytes,
        int floor,
        int cap,
        double hitRate,
        long idleBytes,
        Miss miss,
        Duration patience) {
    /** What a job does that finds no ready sandbox. */
    public enum Miss {
        /** A sandbox is made for it. */
        COLD,
        /** It waits for one, then a sandbox is made for it. */
        WAIT,
        /** It is refused with {@code NO_CAPACITY} and an estimate. */
        REFUSE
    }
}
