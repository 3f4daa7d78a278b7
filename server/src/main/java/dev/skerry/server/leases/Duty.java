package dev.skerry.server.leases;

/** What whoever has a lease does. */
@FunctionalInterface
public interface Duty {
    /**
     * Begins it. What is returned is closed when the term is over; nothing may be done for the duty after that, and it
     * returns when nothing is. A thread that is still beginning is interrupted when the term ends.
     *
     * @throws RuntimeException it cannot be done here; the lease is given up, and wanted again later
     */
    AutoCloseable begin(Term term) throws InterruptedException;
}
