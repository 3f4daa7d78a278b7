package dev.skerry.server.leases;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the holder of a lease is, asked of the table a few times a second at most. What it says may be old by that
 * much: whoever is asked there and has the lease no more says so. Thread-safe.
 */
public final class HolderCache {
    private static final Logger LOG = LoggerFactory.getLogger(HolderCache.class);
    private static final long FRESH_NANOS = Duration.ofMillis(200).toNanos();

    private final LeaseTable table;
    private final String id;
    private final String self;
    private final ReentrantLock lock = new ReentrantLock();
    private Optional<URI> address = Optional.empty();
    private long askedAt = System.nanoTime() - FRESH_NANOS;

    /** @param self an owner that is not meant */
    public HolderCache(LeaseTable table, String id, String self) {
        this.table = table;
        this.id = id;
        this.self = self;
    }

    /** Empty while nobody else has it. */
    public Optional<URI> address() {
        lock.lock();
        try {
            if (System.nanoTime() - askedAt >= FRESH_NANOS) {
                address = ask();
                askedAt = System.nanoTime();
            }
            return address;
        } finally {
            lock.unlock();
        }
    }

    private Optional<URI> ask() {
        try {
            return table.holder(id)
                    .filter(holder -> !holder.owner().equals(self))
                    .map(LeaseTable.Holder::address);
        } catch (RuntimeException e) {
            LOG.atDebug().addKeyValue("lease", id).setCause(e).log("who has the lease is not known just now");
            return address;
        }
    }
}
