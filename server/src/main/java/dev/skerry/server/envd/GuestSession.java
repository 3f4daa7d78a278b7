package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.Usage;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.Listing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** What is remembered of one sandbox, as long as this connection to it lasts. Thread-safe. */
final class GuestSession {
    private static final int LISTINGS_MAX = 16;
    private static final Duration TURN_BOUND = Duration.ofSeconds(30);

    /** Asks guestd for it. */
    @FunctionalInterface
    interface InterruptibleListing {
        Listing read() throws InterruptedException;
    }

    private record Sample(Instant at, Duration cpuTime) {}

    private final Accounts accounts;
    private final ProcessTable processes;
    private final Watchers watchers = new Watchers();
    private final Semaphore listings = new Semaphore(LISTINGS_MAX);
    private final AtomicReference<Sample> lastSample = new AtomicReference<>(new Sample(Instant.MAX, Duration.ZERO));

    GuestSession(GuestConnection guest, InstantSource clock, Duration stallBound) {
        this.accounts = new Accounts(guest.files(), clock);
        this.processes = new ProcessTable(guest, stallBound);
    }

    Accounts accounts() {
        return accounts;
    }

    ProcessTable processes() {
        return processes;
    }

    /** Reads a listing; those of one sandbox take turns, as each may need some memory. */
    Listing listing(InterruptibleListing reading) throws InterruptedException {
        if (!listings.tryAcquire(TURN_BOUND.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new RpcError(
                    Code.RESOURCE_EXHAUSTED, "too many listings of one sandbox at a time; try again in a moment");
        }
        try {
            return reading.read();
        } finally {
            listings.release();
        }
    }

    Watchers watchers() {
        return watchers;
    }

    /** CPU time since it was last asked for, or since the sandbox was made, over that time; 1 is one CPU. */
    double cpuShare(Usage usage, Instant now, Instant made) {
        Sample last = lastSample.getAndSet(new Sample(now, usage.cpuTime()));
        boolean first = last.at.isAfter(now);
        Duration cpu = first ? usage.cpuTime() : usage.cpuTime().minus(last.cpuTime);
        Duration time = Duration.between(first ? made : last.at, now);
        return time.isPositive() && cpu.isPositive() ? (double) cpu.toNanos() / time.toNanos() : 0;
    }
}
