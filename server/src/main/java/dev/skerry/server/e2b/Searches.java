package dev.skerry.server.e2b;

import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Few searches at a time, so that connections to the database are left for those who search nothing. Thread-safe. */
final class Searches {
    static final int MAX = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Semaphore turns = new Semaphore(MAX, true);
    private final Duration patience;

    Searches() {
        this(PATIENCE);
    }

    Searches(Duration patience) {
        this.patience = patience;
    }

    /** @throws Failure {@code LIMIT_EXCEEDED} when the others do not end in time */
    <T> T run(Supplier<T> search) throws InterruptedException {
        if (!turns.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            throw Failure.limited(
                    "the server searches for others", "ask again in a second, or for less at a time", PATIENCE);
        }
        try {
            return search.get();
        } finally {
            turns.release();
        }
    }
}
