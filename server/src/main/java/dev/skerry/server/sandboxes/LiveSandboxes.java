package dev.skerry.server.sandboxes;

import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.util.Optional;

/** How the doors of the data plane find a sandbox: in memory, without a query. */
public interface LiveSandboxes {
    /**
     * The sandbox, running. One that is paused and wakes on traffic is resumed first, and one that is being started,
     * paused or resumed is waited for.
     *
     * @throws Failure {@code NOT_FOUND} when there is none, or it is paused, or it has ended
     */
    LiveSandbox reach(SandboxId id) throws InterruptedException;

    /** The sandbox, when it runs already; never waits. */
    Optional<LiveSandbox> running(SandboxId id);

    /** What is stored of a sandbox that has not ended, without waking it. */
    Optional<Sandbox> find(SandboxId id);
}
