package dev.skerry.bench.chaos;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What a run does.
 *
 * @param name of its report
 * @param seed of everything that is drawn; the same seed draws the same faults, in the same order
 * @param faults that are done, at most
 * @param bound after which no further fault is done
 * @param pauseMillisMax between two faults
 * @param live sandboxes that there are at a time
 * @param clients that ask at a time
 * @param killsOnly whether nothing but processes is hit: clients, sandboxes and servers
 * @param output where the report goes
 */
record ChaosSettings(
        String name,
        long seed,
        int faults,
        Duration bound,
        int pauseMillisMax,
        int live,
        int clients,
        boolean killsOnly,
        Path output) {

    static ChaosSettings chaos(long seed, int faults, int live, Path output) {
        return new ChaosSettings("chaos", seed, faults, Duration.ofHours(2), 2_000, live, 4, false, output);
    }

    static ChaosSettings soak(long seed, Duration bound, int live, Path output) {
        return new ChaosSettings("soak", seed, Integer.MAX_VALUE, bound, 4_000, live, 4, true, output);
    }
}
