package dev.skerry.bench.chaos;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waiting for a condition, with a bound. */
public final class Waiting {
    private static final long POLL_MILLIS = 10;

    private Waiting() {}

    /** What is waited for. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws InterruptedException;
    }

    /**
     * Returns how long it took.
     *
     * @param what completes the sentence "waited in vain for …"
     */
    public static Duration until(String what, Duration bound, Condition condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.holds()) {
            if (System.nanoTime() - start > bound.toNanos()) {
                throw new IllegalStateException("waited in vain for " + what + ", " + bound.toMillis() + " ms");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
