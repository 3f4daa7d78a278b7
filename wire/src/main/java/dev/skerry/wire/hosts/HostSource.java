package dev.skerry.wire.hosts;

import dev.skerry.wire.Failure;

/** A host that several servers can reach, of which one at a time commands it. */
public interface HostSource {
    HostId id();

    /**
     * Opens it for one who has the right to.
     *
     * @param epoch greater than that of whoever had it before, whose commands the host refuses from now on
     * @throws Failure {@code CONFLICT} while somebody else has it, or after a higher epoch
     */
    HostAgent open(long epoch) throws InterruptedException;

    /** Ends what {@link #open} has begun. */
    default void letGo(HostAgent opened) {
        opened.close();
    }
}
