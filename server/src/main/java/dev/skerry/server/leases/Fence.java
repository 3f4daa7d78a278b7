package dev.skerry.server.leases;

import dev.skerry.server.database.Guard;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import org.jdbi.v3.core.Handle;

/** Refuses, within a transaction, what is written by one that has lost its lease. */
@FunctionalInterface
public interface Fence extends Guard {
    /** For a database that one server has for itself. */
    Fence NONE = _ -> {};

    /**
     * Passes when the lease was not given to anybody else, and nobody else gets it before the transaction ends.
     *
     * @throws Failure {@code NO_CAPACITY} otherwise
     */
    @Override
    void check(Handle transaction);

    /** @param refused is told of each refusal, before it is thrown */
    static Fence of(Lease lease, Runnable refused) {
        return transaction -> {
            // An update that changes nothing locks the row, in every database.
            int had = transaction
                    .createUpdate("UPDATE leases SET fence = fence WHERE id = :id AND fence = :fence")
                    .bind("id", lease.id())
                    .bind("fence", lease.fence())
                    .execute();
            if (had == 0) {
                refused.run();
                throw lost(lease);
            }
        };
    }

    /** What somebody is told whose request meets a lease that was lost. */
    static Failure lost(Lease lease) {
        return new Failure(
                ErrorCode.NO_CAPACITY,
                "this server does not have " + lease.id() + " any more (its lease was number " + lease.fence() + ")",
                "try again in a moment: another server takes it over");
    }
}
