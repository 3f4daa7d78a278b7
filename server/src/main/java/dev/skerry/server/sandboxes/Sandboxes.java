package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a tenant does with sandboxes. Commands block until what they ask for has happened, and wait for transitions that
 * are under way where that makes sense. A sandbox of another tenant, and one that has ended, is {@code NOT_FOUND}.
 * Thread-safe.
 */
public interface Sandboxes {
    /**
     * Starts one and waits until it runs.
     *
     * @param timeout from the moment it runs
     * @param idempotencyKey the same key of the same tenant gives the same sandbox as long as that lives;
     *     {@code CONFLICT} when it came with another configuration then
     * @throws Failure {@code NO_CAPACITY}, {@code LIMIT_EXCEEDED} (too many run, or a quota), and what the host says
     */
    Sandbox create(TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> idempotencyKey)
            throws InterruptedException;

    Sandbox get(TenantId tenant, SandboxId id);

    SandboxPage list(TenantId tenant, SandboxQuery query);

    /** How many of a tenant's a list shows as running. */
    int running(TenantId tenant);

    /** Ends it and waits until it is gone. */
    void kill(TenantId tenant, SandboxId id) throws InterruptedException;

    /** Sets its end, from now. None or less ends it now (or pauses it, if that is what happens at its end). */
    void timeout(TenantId tenant, SandboxId id, Duration fromNow) throws InterruptedException;

    /** Sets its end, from now, if that is later than what it has. */
    void extend(TenantId tenant, SandboxId id, Duration fromNow) throws InterruptedException;

    /** @throws Failure {@code CONFLICT} when it is paused already */
    void pause(TenantId tenant, SandboxId id, PauseKind kind) throws InterruptedException;

    /**
     * Makes sure that it runs, and for that long at least; a running one's time is never shortened.
     *
     * @param memory false: a paused one starts cold from its disk, also if its memory is there
     */
    Connected connect(TenantId tenant, SandboxId id, Duration timeout, boolean memory) throws InterruptedException;

    /** @param resumed whether it had been paused */
    record Connected(Sandbox sandbox, boolean resumed) {}

    /** Whosever it is, and also after its end; for whoever asks who may know of it. */
    Optional<Sandbox> stored(SandboxId id);

    /** What happened to it, oldest first; also after its end. {@code NOT_FOUND} if there never was such a one. */
    List<SandboxEvent> events(TenantId tenant, SandboxId id);

    /** What happened to all of a tenant's, after that one, oldest first. */
    List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit);

    /** What happened to a tenant's after that one, as far as it is meant. */
    EventPage find(TenantId tenant, EventFilter filter, long after, int limit);

    /** Empty while only its disk is there. */
    Optional<Usage> usage(TenantId tenant, SandboxId id);

    /** What a tenant takes now of what there are quotas of. */
    Map<Resource, Long> use(TenantId tenant);

    /**
     * Has a tenant deleted that has no sandboxes, and takes none of it any more. When that throws, the tenant goes on.
     *
     * @throws Failure {@code CONFLICT} when it has some, running or paused
     */
    void retire(TenantId tenant, Runnable deletion);
}
