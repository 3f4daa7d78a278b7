package dev.skerry.e2e;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for a condition, never for time. */
final class Deadline {
    private static final Duration STEP = Duration.ofMillis(5);

    private Deadline() {}

    /**
     * Returns how long it took.
     *
     * @param what completes the sentence "waited in vain for …"
     */
    static Duration await(String what, Duration bound, BooleanSupplier condition) {
        return await(() -> what, bound, condition);
    }

    static Duration await(Supplier<String> what, Duration bound, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > bound.toNanos()) {
                throw new AssertionError("waited in vain for " + what.get() + ", " + bound.toMillis() + " ms");
            }
            LockSupport.parkNanos(STEP.toNanos());
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
