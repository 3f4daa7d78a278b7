package dev.skerry.server.sandboxes;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition that another thread brings about. */
public final class Eventually {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(1);

    private Eventually() {}

    public static void holds(BooleanSupplier condition) {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("it did not come true within " + BOUND);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
