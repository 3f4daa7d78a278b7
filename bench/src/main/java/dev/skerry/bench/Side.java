package dev.skerry.bench;

/**
 * One side of a comparison.
 *
 * @param name as it stands in the report; names the isolation level and what made the sandbox:
 *     {@code skerry container (crun 1.8.1)}
 * @param probe takes one value
 */
public record Side(String name, Probe probe) {
    /**
     * Measures once. Fails when the thing measured did not do its work: a quick failure must not count as a quick
     * success.
     */
    @FunctionalInterface
    public interface Probe {
        double measure() throws Exception;
    }

    /** A side whose value is how long an action takes, in milliseconds. */
    public static Side timed(String name, Action action) {
        return new Side(name, () -> {
            long start = System.nanoTime();
            action.run();
            return (System.nanoTime() - start) / 1e6;
        });
    }

    /** Something that is timed as a whole. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }
}
