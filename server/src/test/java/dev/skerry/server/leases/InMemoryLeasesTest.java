package dev.skerry.server.leases;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

class InMemoryLeasesTest extends LeasesContract {
    private final AtomicLong micros = new AtomicLong();

    @Override
    LeaseTable open() {
        return new InMemoryLeases(micros::get);
    }

    @Override
    void pass(Duration time) {
        micros.addAndGet(time.toNanos() / 1000);
    }
}
