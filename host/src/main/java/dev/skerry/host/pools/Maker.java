package dev.skerry.host.pools;

import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolPlan;

/** Makes and ends what waits in pools. Thread-safe. */
public interface Maker<M> {
    /**
     * Does what is done once for many, as making a template does. How long it takes is not part of how long a member
     * takes.
     */
    default void prepare(PoolPlan plan) {}

    /**
     * Makes one that nobody has used; interrupting it ends that, with nothing left.
     *
     * @throws Failure {@code NO_CAPACITY} or {@code NO_SPACE} when the host is short, and whatever keeps it from being
     *     made
     */
    M make(PoolPlan plan) throws InterruptedException;

    /**
     * Whether it lives and answers. May take a round trip to it.
     *
     * @param meanwhile done once, while the answer is on its way; not where it is known to be dead
     */
    boolean alive(M member, Runnable meanwhile) throws InterruptedException;

    /** Whether the plan would make the same now: its template may be another by now. */
    boolean current(M member);

    /** Whether it is what is wanted. Quick. */
    boolean fits(M member, Want want);

    /** Memory that it takes while it waits. */
    long bytes(M member);

    /** Ends it and waits until nothing of it is left. */
    void close(M member);
}
