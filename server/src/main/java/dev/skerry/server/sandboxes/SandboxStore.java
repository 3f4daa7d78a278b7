package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Keeps sandboxes and their history. What a method has returned from is on disk. A write that throws may have happened
 * all the same: whoever wrote reads again. Times are kept to the microsecond. Thread-safe.
 */
public interface SandboxStore {
    /** Entries of one sandbox's history that are shown at most, the oldest. */
    int HISTORY_MAX = 10_000;

    /** @param key what it was created with, for as long as it lives */
    record Live(Sandbox sandbox, Optional<String> key) {}

    /**
     * Adds one, unless the tenant has a living one with that key.
     *
     * @return the one that has the key; empty: it was added
     */
    Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes);

    /** Also one that has ended, until it is pruned. */
    Optional<Sandbox> get(SandboxId id);

    /**
     * Replaces the one of the revision before this one's, and adds to its history. One that has ended gives up its key.
     *
     * @return false: that is not its revision any more, or there is none; nothing was done
     */
    boolean replace(Sandbox next, List<Note> notes);

    /** All that have not ended. */
    List<Live> live();

    /** @throws Failure {@code INVALID_REQUEST} when the page to go on after is not one that was given out */
    SandboxPage list(TenantId tenant, SandboxQuery query);

    /** As {@link #get}, but waits for nobody who writes: for those who only want to know. */
    Optional<Sandbox> look(SandboxId id);

    /** Oldest first. */
    List<SandboxEvent> events(TenantId tenant, SandboxId id);

    /** Oldest first, over all of a tenant's sandboxes; no entry ever appears behind one that was already seen. */
    List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit);

    /** Of those after that one; no event ever appears behind what was looked at. */
    EventPage find(TenantId tenant, EventFilter filter, long after, int limit);

    /** Which boot of the host was seen last. */
    Optional<String> boot(HostId host);

    void recordBoot(HostId host, String bootId);

    /**
     * Forgets those that ended before then, with their history.
     *
     * @return how many
     */
    int prune(Instant endedBefore);
}
