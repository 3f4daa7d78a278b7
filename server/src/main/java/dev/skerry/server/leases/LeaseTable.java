package dev.skerry.server.leases;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Gives leases. Whether one has expired is a matter of the table's clock alone. A call that throws may have happened
 * all the same. Thread-safe.
 */
public interface LeaseTable {
    /**
     * Who has a lease.
     *
     * @param address where other servers reach the owner
     */
    record Holder(String owner, URI address, long fence) {}

    /** A server that wants leases. */
    record Candidate(String owner, URI address) {}

    /** Takes it, unless somebody has it; empty then, also when that is the candidate itself. */
    Optional<Lease> acquire(String id, Candidate candidate, Duration ttl);

    /** Has it from now on for that long; false when it is not had any more: an expired lease is never revived. */
    boolean renew(Lease lease, Duration ttl);

    /** Gives it up, if it is still had. */
    void release(Lease lease);

    /** Empty when nobody has it. */
    Optional<Holder> holder(String id);
}
