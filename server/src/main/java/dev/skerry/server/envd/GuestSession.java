package dev.skerry.server.envd;

import dev.skerry.wire.Usage;
import dev.skerry.wire.stream.GuestConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** What is remembered of one sandbox, as long as this connection to it lasts. Thread-safe. */
final class GuestSession {
    private record Sample(Instant at, Duration cpuTime) {}

    private final Accounts accounts;
    private final ProcessTable processes;
    private final Watchers watchers = new Watchers();
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
