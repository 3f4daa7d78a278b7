package dev.skerry.host.pools;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** What is being done for requests, and what that leaves for filling pools. Thread-safe. */
final class Requests {
    /**
     * What is done for a request within this time after it came would be held up by making something beside it: it
     * wants more than one processor for a moment, for the program, its sandbox and this process. What takes longer runs
     * on one, beside which pools are filled.
     */
    static final Duration MOMENT = Duration.ofMillis(25);

    private final Spare spare;
    private final LongSupplier nanoClock;
    private final AtomicInteger running = new AtomicInteger();
    private volatile long last;

    Requests(Spare spare, LongSupplier nanoClock) {
        this.spare = spare;
        this.nanoClock = nanoClock;
        this.last = nanoClock.getAsLong() - MOMENT.toNanos();
    }

    void came() {
        last = nanoClock.getAsLong();
    }

    /** @param atEnd called when what is done for it is over */
    Work begin(Runnable atEnd) {
        spare.begins();
        came();
        return new Work(running, atEnd);
    }

    /** Whether one came a moment ago. It may have been answered: a client that has a sandbox uses it at once. */
    boolean justCame() {
        return nanoClock.getAsLong() - last < MOMENT.toNanos();
    }

    /**
     * Processors that may fill pools. Where nothing runs, others on the machine do not keep that from being done, one
     * member after the other.
     */
    int idle(int beingMade) {
        int busy = running.get() + beingMade;
        return busy == 0 ? Math.max(1, spare.processors(busy)) : spare.processors(busy);
    }
}
