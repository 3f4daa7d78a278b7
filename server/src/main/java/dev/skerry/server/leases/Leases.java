package dev.skerry.server.leases;

import dev.skerry.server.database.Database;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** The table of leases in the database, by the database's clock. */
public final class Leases implements LeaseTable {
    private static final String NOBODY = "";

    private final Jdbi jdbi;
    private final String now;

    public Leases(Database database) {
        this(database.writer(), database.now());
    }

    /** @param now an expression for the time, in microseconds */
    Leases(Jdbi jdbi, String now) {
        this.jdbi = jdbi;
        this.now = now;
    }

    /**
     * One statement, which looks before it writes: a conflict locks the row even where nothing is changed, and whoever
     * waits for a lease must not hold up the writes of its holder.
     */
    @Override
    public Optional<Lease> acquire(String id, Candidate candidate, Duration ttl) {
        return jdbi.withHandle(handle -> handle.createQuery("INSERT INTO leases (id, owner, address, fence, expires_at)"
                        + " SELECT :id, :owner, :address, 1, " + now + " + :ttl"
                        + " WHERE NOT EXISTS (SELECT 1 FROM leases WHERE id = :id AND expires_at > " + now + ")"
                        + " ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, address = excluded.address,"
                        + " fence = leases.fence + 1, expires_at = " + now + " + :ttl"
                        + " WHERE leases.expires_at <= " + now + " RETURNING fence")
                .bind("id", id)
                .bind("owner", candidate.owner())
                .bind("address", candidate.address().toString())
                .bind("ttl", micros(ttl))
                .mapTo(Long.class)
                .findOne()
                .map(fence -> new Lease(id, candidate.owner(), fence)));
    }

    private static long micros(Duration ttl) {
        return ttl.toNanos() / 1000;
    }

    @Override
    public boolean renew(Lease lease, Duration ttl) {
        return jdbi.withHandle(handle -> handle.createUpdate("UPDATE leases SET expires_at = " + now + " + :ttl"
                                + " WHERE id = :id AND owner = :owner AND fence = :fence AND expires_at > " + now)
                        .bind("ttl", micros(ttl))
                        .bind("id", lease.id())
                        .bind("owner", lease.owner())
                        .bind("fence", lease.fence())
                        .execute())
                == 1;
    }

    @Override
    public void release(Lease lease) {
        jdbi.useHandle(handle -> handle.createUpdate("UPDATE leases SET owner = :nobody, expires_at = 0"
                        + " WHERE id = :id AND owner = :owner AND fence = :fence")
                .bind("nobody", NOBODY)
                .bind("id", lease.id())
                .bind("owner", lease.owner())
                .bind("fence", lease.fence())
                .execute());
    }

    @Override
    public Optional<Holder> holder(String id) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "SELECT owner, address, fence FROM leases WHERE id = :id AND expires_at > " + now)
                .bind("id", id)
                .map((row, _) ->
                        new Holder(row.getString("owner"), URI.create(row.getString("address")), row.getLong("fence")))
                .findOne());
    }
}
