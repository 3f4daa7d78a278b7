package dev.skerry.server.sandboxes;

import dev.skerry.server.sandboxes.Effect.Destroy;
import dev.skerry.server.sandboxes.Effect.DiscardDisk;
import dev.skerry.server.sandboxes.Effect.Freeze;
import dev.skerry.server.sandboxes.Effect.SetDeadline;
import dev.skerry.server.sandboxes.Effect.StartOn;
import dev.skerry.server.sandboxes.Effect.Thaw;
import dev.skerry.server.sandboxes.SandboxState.Paused;
import dev.skerry.server.sandboxes.SandboxState.Pausing;
import dev.skerry.server.sandboxes.SandboxState.Resuming;
import dev.skerry.server.sandboxes.SandboxState.Running;
import dev.skerry.server.sandboxes.SandboxState.Starting;
import dev.skerry.server.sandboxes.SandboxState.Stopped;
import dev.skerry.server.sandboxes.SandboxState.Stopping;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What each state of a sandbox asks of its host and of the clock, and what comes of it. Pure. */
final class Effects {
    /** How much later than the server a host acts by itself. */
    static final Duration NET = Duration.ofSeconds(2);

    private Effects() {}

    /** What a host has to be told because of where a sandbox is: after a crash, again. */
    static List<Effect> of(Sandbox sandbox) {
        return switch (sandbox.state()) {
            case Starting _ -> List.of(start(sandbox));
            case Running _ -> List.of(new SetDeadline(sandbox.incarnation(), net(sandbox)));
            case Pausing pausing ->
                switch (pausing.kind()) {
                    // A deadline that kills must not meet a sandbox that was to be kept.
                    case MEMORY ->
                        List.of(
                                new SetDeadline(
                                        sandbox.incarnation(),
                                        new Deadline(sandbox.endsAt().plus(NET), AtDeadline.FREEZE)),
                                new Freeze(sandbox.incarnation()));
                    case DISK -> List.of(new Destroy(sandbox.incarnation(), SandboxLifecycle.GRACE));
                };
            case Paused _, Stopped _ -> List.of();
            case Resuming resuming ->
                switch (resuming.from()) {
                    case MEMORY ->
                        List.of(new SetDeadline(sandbox.incarnation(), net(sandbox)), new Thaw(sandbox.incarnation()));
                    // No disk ever has two users, whatever became of the one before.
                    case DISK -> List.of(new Destroy(before(sandbox), Duration.ZERO), start(sandbox));
                };
            case Stopping _ ->
                List.of(new Destroy(sandbox.incarnation(), Duration.ZERO), new DiscardDisk(sandbox.id()));
        };
    }

    /** When somebody has to look again although nothing was heard: its end, or the deadline of a transition. */
    static Optional<Instant> alarm(Sandbox sandbox) {
        return switch (sandbox.state()) {
            case Starting(HostId _, Instant deadline) -> Optional.of(deadline);
            case Running _ -> Optional.of(sandbox.endsAt());
            case Pausing(HostId _, Isolation _, PauseKind _, Instant deadline) -> Optional.of(deadline);
            case Resuming(HostId _, Isolation _, PauseKind _, Instant deadline) -> Optional.of(deadline);
            case Stopping(HostId _, Cause _, String _, Instant deadline) -> Optional.of(deadline);
            case Paused _, Stopped _ -> Optional.empty();
        };
    }

    /**
     * What that a transition's effects are all carried out means.
     *
     * @param achieved by a start, if there was one; likewise {@code warm}
     */
    static Optional<LifecycleEvent> completion(SandboxState state, Isolation achieved, boolean warm) {
        return switch (state) {
            case Starting _ -> Optional.of(new LifecycleEvent.Started(achieved, warm));
            case Pausing _ -> Optional.of(new LifecycleEvent.Paused());
            case Resuming resuming ->
                Optional.of(new LifecycleEvent.Resumed(
                        resuming.from() == PauseKind.DISK ? achieved : resuming.isolation()));
            case Stopping _ -> Optional.of(new LifecycleEvent.Destroyed());
            case Running _, Paused _, Stopped _ -> Optional.empty();
        };
    }

    /** What that one of them cannot be carried out means; nothing where it has to be tried until it can. */
    static Optional<LifecycleEvent> failure(SandboxState state, String detail) {
        return switch (state) {
            case Starting _ -> Optional.of(new LifecycleEvent.StartFailed(detail));
            case Pausing pausing ->
                pausing.kind() == PauseKind.MEMORY
                        ? Optional.of(new LifecycleEvent.PauseFailed(detail))
                        : Optional.empty();
            case Resuming _ -> Optional.of(new LifecycleEvent.ResumeFailed(detail));
            case Stopping _, Running _, Paused _, Stopped _ -> Optional.empty();
        };
    }

    private static Incarnation before(Sandbox sandbox) {
        return new Incarnation(sandbox.id(), sandbox.generation() - 1);
    }

    private static StartOn start(Sandbox sandbox) {
        SandboxConfig config = sandbox.config();
        return new StartOn(new StartSandbox(
                sandbox.incarnation(),
                config.template(),
                config.floor(),
                config.limits(),
                config.privilege(),
                Optional.of(net(sandbox)),
                true));
    }

    private static Deadline net(Sandbox sandbox) {
        return new Deadline(
                sandbox.endsAt().plus(NET), sandbox.config().lifetime().pauses() ? AtDeadline.FREEZE : AtDeadline.KILL);
    }

    /** For one that runs though it may have been frozen. */
    static List<Effect> awake(Sandbox running) {
        return List.of(new SetDeadline(running.incarnation(), net(running)), new Thaw(running.incarnation()));
    }

    /** For one that is paused in memory though it may have been thawed. */
    static List<Effect> asleep(Sandbox paused, Instant now) {
        Deadline harmless = new Deadline(now.plus(NET), AtDeadline.FREEZE);
        return List.of(new SetDeadline(paused.incarnation(), harmless), new Freeze(paused.incarnation()));
    }
}
