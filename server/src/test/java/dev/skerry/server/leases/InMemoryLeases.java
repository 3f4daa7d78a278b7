package dev.skerry.server.leases;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** A table of leases by a clock of the test's. */
public class InMemoryLeases implements LeaseTable {
    private final LongSupplier micros;
    private final Map<String, Row> rows = new HashMap<>();

    private record Row(Holder holder, long expiresAt) {}

    /** @param micros the table's clock */
    public InMemoryLeases(LongSupplier micros) {
        this.micros = micros;
    }

    @Override
    public synchronized Optional<Lease> acquire(String id, Candidate candidate, Duration ttl) {
        Optional<Row> row = Optional.ofNullable(rows.get(id));
        if (row.isPresent() && row.get().expiresAt() > micros.getAsLong()) {
            return Optional.empty();
        }
        long fence = row.map(one -> one.holder().fence()).orElse(0L) + 1;
        put(id, new Holder(candidate.owner(), candidate.address(), fence), ttl);
        return Optional.of(new Lease(id, candidate.owner(), fence));
    }

    private void put(String id, Holder holder, Duration ttl) {
        rows.put(id, new Row(holder, micros.getAsLong() + ttl.toNanos() / 1000));
    }

    private boolean has(Lease lease) {
        return Optional.ofNullable(rows.get(lease.id()))
                .map(Row::holder)
                .filter(holder ->
                        holder.fence() == lease.fence() && holder.owner().equals(lease.owner()))
                .isPresent();
    }

    /** Whether it has not expired; for whoever plants faults. */
    protected synchronized boolean unexpired(Lease lease) {
        return has(lease) && rows.get(lease.id()).expiresAt() > micros.getAsLong();
    }

    @Override
    public synchronized boolean renew(Lease lease, Duration ttl) {
        return unexpired(lease) && revive(lease, ttl);
    }

    /** A renewal that does not ask for the time: a fault to plant. */
    protected synchronized boolean revive(Lease lease, Duration ttl) {
        if (!has(lease)) {
            return false;
        }
        put(lease.id(), rows.get(lease.id()).holder(), ttl);
        return true;
    }

    @Override
    public synchronized void release(Lease lease) {
        if (has(lease)) {
            rows.put(lease.id(), new Row(rows.get(lease.id()).holder(), Long.MIN_VALUE));
        }
    }

    @Override
    public synchronized Optional<Holder> holder(String id) {
        return Optional.ofNullable(rows.get(id))
                .filter(row -> row.expiresAt() > micros.getAsLong())
                .map(Row::holder);
    }

    /** The greatest that was given. */
    public synchronized long fence(String id) {
        return Optional.ofNullable(rows.get(id))
                .map(row -> row.holder().fence())
                .orElse(0L);
    }
}
