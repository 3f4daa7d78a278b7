package dev.skerry.host.pools;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Something that is done for a request, until it is closed: pools are not filled at its cost. Thread-safe. */
public final class Work implements AutoCloseable {
    private final AtomicInteger running;
    private final Runnable atEnd;
    private final AtomicBoolean over = new AtomicBoolean();

    /** @param running counts those that have not ended */
    Work(AtomicInteger running, Runnable atEnd) {
        this.running = running;
        this.atEnd = atEnd;
        running.incrementAndGet();
    }

    @Override
    public void close() {
        if (!over.getAndSet(true)) {
            running.decrementAndGet();
            atEnd.run();
        }
    }
}
