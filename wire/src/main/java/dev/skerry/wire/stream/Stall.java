package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.concurrent.locks.Condition;

/** How long a wait for the guest may last while nothing at all comes of it. */
record Stall(long nanos) {
    static Stall after(Duration bound) {
        return new Stall(bound.toNanos());
    }

    static Stall never() {
        return new Stall(Long.MAX_VALUE);
    }

    /**
     * Waits once more; to be called in a loop, as any wait.
     *
     * @param left of the bound, at first {@link #nanos}
     * @return what is left of it now
     * @throws Failure {@code DEADLINE_EXCEEDED} when nothing is left
     */
    @SuppressWarnings("WaitNotInLoop")
    long await(Condition changed, long left) throws InterruptedException {
        if (nanos == Long.MAX_VALUE) {
            changed.await();
            return left;
        }
        if (left <= 0) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "the sandbox made no progress for "
                            + Duration.ofNanos(nanos).toMillis() + " ms",
                    "is it paused?");
        }
        return changed.awaitNanos(left);
    }
}
