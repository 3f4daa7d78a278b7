package dev.skerry.server.leases;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.Micros;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jdbi.v3.core.Handle;

/** Which server had a host, and from when on: for those who ask later what happened. Thread-safe. */
public final class HostTerms {
    /** Of a host, the newest; a server that cannot stay up begins one every few seconds. */
    static final int KEPT = 10_000;

    private final Database database;
    private final LongAdder begun = new LongAdder();

    /**
     * From then on until the next one of the host begins.
     *
     * @param number rises; the lease's fence, where servers share the database
     * @param owner a name that no other run of a server has
     * @param address where it listens
     */
    public record HostTerm(HostId host, long number, String owner, String address, Instant beganAt) {}

    public HostTerms(Database database) {
        this.database = database;
    }

    /** Notes that a term begins of a server that has its database for itself. */
    public HostTerm begin(HostId host, String owner, String address, Instant now) {
        begun.increment();
        return database.write(handle -> {
            long last = handle.createQuery("SELECT COALESCE(MAX(number), 0) FROM host_terms WHERE host = :host")
                    .bind("host", host.text())
                    .mapTo(Long.class)
                    .one();
            return insert(handle, new HostTerm(host, last + 1, owner, address, now));
        });
    }

    /** Notes that the term of a lease begins. */
    public HostTerm begin(HostId host, Lease lease, String address, Instant now) {
        begun.increment();
        return database.write(handle -> insert(handle, new HostTerm(host, lease.fence(), lease.owner(), address, now)));
    }

    /** Terms that this server began since its start. */
    public long begun() {
        return begun.sum();
    }

    private static HostTerm insert(Handle handle, HostTerm term) {
        handle.createUpdate("INSERT INTO host_terms (host, number, owner, address, began_at)"
                        + " VALUES (:host, :number, :owner, :address, :began)")
                .bind("host", term.host().text())
                .bind("number", term.number())
                .bind("owner", term.owner())
                .bind("address", term.address())
                .bind("began", Micros.of(term.beganAt()))
                .execute();
        // Terms are counted: their numbers jump when a copy was restored.
        handle.createUpdate("DELETE FROM host_terms WHERE host = :host AND number < (SELECT number FROM host_terms"
                        + " WHERE host = :host ORDER BY number DESC LIMIT 1 OFFSET :others)")
                .bind("host", term.host().text())
                .bind("others", KEPT - 1)
                .execute();
        return term;
    }

    /** Those of a host, oldest first. */
    public List<HostTerm> list(HostId host) {
        return database.reader()
                .withHandle(handle -> handle.createQuery("SELECT * FROM host_terms WHERE host = :host ORDER BY number")
                        .bind("host", host.text())
                        .map((row, _) -> new HostTerm(
                                new HostId(row.getString("host")),
                                row.getLong("number"),
                                row.getString("owner"),
                                row.getString("address"),
                                Micros.instant(row.getLong("began_at"))))
                        .list());
    }
}
