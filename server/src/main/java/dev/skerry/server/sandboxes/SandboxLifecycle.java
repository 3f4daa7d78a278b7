package dev.skerry.server.sandboxes;

import dev.skerry.server.sandboxes.Decision.Changed;
import dev.skerry.server.sandboxes.Decision.Repeated;
import dev.skerry.server.sandboxes.Decision.Unchanged;
import dev.skerry.server.sandboxes.Effect.Destroy;
import dev.skerry.server.sandboxes.SandboxState.Paused;
import dev.skerry.server.sandboxes.SandboxState.Pausing;
import dev.skerry.server.sandboxes.SandboxState.Resuming;
import dev.skerry.server.sandboxes.SandboxState.Running;
import dev.skerry.server.sandboxes.SandboxState.Starting;
import dev.skerry.server.sandboxes.SandboxState.StopReason;
import dev.skerry.server.sandboxes.SandboxState.Stopped;
import dev.skerry.server.sandboxes.SandboxState.Stopping;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What may happen to a sandbox, and what follows. Nothing here reads a clock, a store or a host.
 *
 * <p>While a sandbox starts or resumes, its end is kept relative to the deadline of that ({@code endsAt = deadline +
 * timeout}): its time counts from the moment it runs, and how long it was to run is not stored a second time.
 */
final class SandboxLifecycle {
    static final Duration START_BOUND = Duration.ofSeconds(30);
    static final Duration FREEZE_BOUND = Duration.ofSeconds(15);
    static final Duration TO_DISK_BOUND = Duration.ofSeconds(60);
    static final Duration STOP_BOUND = Duration.ofSeconds(30);

    /** How long processes may take to end by themselves when only the disk is kept. */
    static final Duration GRACE = Duration.ofSeconds(5);

    /** How long one goes on that could not be paused at its end. */
    static final Duration SECOND_TRY = Duration.ofSeconds(5);

    private final Sandbox sandbox;
    private final Instant now;

    private SandboxLifecycle(Sandbox sandbox, Instant now) {
        this.sandbox = sandbox;
        this.now = now;
    }

    /** A sandbox that is to be started; revision and generation are 1. */
    static Changed create(
            SandboxId id, TenantId tenant, SandboxConfig config, HostId host, Duration timeout, Instant now) {
        Instant deadline = now.plus(START_BOUND);
        Sandbox sandbox =
                new Sandbox(id, tenant, 1, 1, config, now, deadline.plus(timeout), new Starting(host, deadline));
        return new Changed(sandbox, Effects.of(sandbox), List.of(new Note(SandboxEvent.Kind.CREATED, now, "")));
    }

    static Decision decide(Sandbox sandbox, LifecycleEvent event, Instant now) {
        if (sandbox.state() instanceof Stopped) {
            return event instanceof LifecycleEvent.Asked ? Refusals.notFound(sandbox.id()) : new Unchanged();
        }
        return new SandboxLifecycle(sandbox, now).on(event);
    }

    private Decision on(LifecycleEvent event) {
        return switch (event) {
            case LifecycleEvent.PauseAsked(PauseKind kind) -> pauseAsked(kind);
            case LifecycleEvent.ResumeAsked(Duration timeout) -> resumeAsked(timeout);
            case LifecycleEvent.ColdAsked _ -> coldAsked();
            case LifecycleEvent.KillAsked _ -> killAsked();
            case LifecycleEvent.EndAsked _ -> endAsked();
            case LifecycleEvent.Renewed(Duration fromNow) -> renewed(fromNow, true);
            case LifecycleEvent.Extended(Duration fromNow) -> renewed(fromNow, false);
            case LifecycleEvent.Started(Isolation isolation) -> started(isolation);
            case LifecycleEvent.StartFailed(String detail) -> startFailed(detail);
            case LifecycleEvent.Paused _ -> paused();
            case LifecycleEvent.PauseFailed _ -> pauseFailed();
            case LifecycleEvent.Resumed(Isolation isolation) -> resumed(isolation);
            case LifecycleEvent.ResumeFailed _ -> resumeFailed();
            case LifecycleEvent.Destroyed _ -> destroyed();
            case LifecycleEvent.Expired _ -> expired();
            case LifecycleEvent.DeadlinePassed _ -> deadlinePassed();
            case LifecycleEvent.HostEnded(long generation, SandboxEnd end) ->
                gone(generation, StopReason.of(end.cause()), end.detail());
            case LifecycleEvent.HostLost(long generation, StopReason reason) ->
                gone(generation, reason, "its host does not have it any more");
            case LifecycleEvent.HostFrozen(long generation) -> hostFrozen(generation);
            case LifecycleEvent.HostRunning(long generation) -> hostRunning(generation);
            case LifecycleEvent.DiskLost _ -> diskLost();
        };
    }

    private Decision pauseAsked(PauseKind kind) {
        return switch (sandbox.state()) {
            case Running running -> pause(running, kind);
            case Pausing _, Paused _ -> Refusals.alreadyPaused(sandbox.id());
            case Starting _, Resuming _ -> Refusals.busy(sandbox.id(), "started");
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision resumeAsked(Duration timeout) {
        return switch (sandbox.state()) {
            case Paused(HostId host, Isolation isolation, PauseKind kind, Instant _) -> {
                Instant deadline = now.plus(kind == PauseKind.MEMORY ? FREEZE_BOUND : START_BOUND);
                long generation = sandbox.generation() + (kind == PauseKind.DISK ? 1 : 0);
                yield changed(new Resuming(host, isolation, kind, deadline), generation, deadline.plus(timeout));
            }
            case Starting _, Running _, Resuming _ -> new Unchanged();
            case Pausing _ -> Refusals.busy(sandbox.id(), "paused");
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision coldAsked() {
        return switch (sandbox.state()) {
            case Paused(HostId host, Isolation isolation, PauseKind kind, Instant _) ->
                kind == PauseKind.DISK
                        ? new Unchanged()
                        : changed(new Pausing(host, isolation, PauseKind.DISK, now.plus(TO_DISK_BOUND)));
            case Starting _, Running _, Resuming _, Pausing _ -> new Unchanged();
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision killAsked() {
        return switch (sandbox.state()) {
            case Starting _, Running _, Pausing _, Paused _, Resuming _ -> stop(StopReason.REQUESTED, "");
            case Stopping _, Stopped _ -> new Unchanged();
        };
    }

    private Decision endAsked() {
        return switch (sandbox.state()) {
            case Running running -> end(running);
            case Starting _, Resuming _ -> Refusals.busy(sandbox.id(), "started");
            case Pausing _, Paused _ -> Refusals.isPaused(sandbox.id());
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision renewed(Duration fromNow, boolean alsoEarlier) {
        return switch (sandbox.state()) {
            case Running _ -> renew(now.plus(fromNow), alsoEarlier);
            case Starting(HostId _, Instant deadline) -> renew(deadline.plus(fromNow), alsoEarlier);
            case Resuming(HostId _, Isolation _, PauseKind _, Instant deadline) ->
                renew(deadline.plus(fromNow), alsoEarlier);
            case Pausing _, Paused _ -> Refusals.isPaused(sandbox.id());
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision renew(Instant end, boolean alsoEarlier) {
        if (alsoEarlier ? end.equals(sandbox.endsAt()) : !end.isAfter(sandbox.endsAt())) {
            return new Unchanged();
        }
        Sandbox next = next(sandbox.state(), sandbox.generation(), end);
        // One that does not run yet hears of its end when it does.
        List<Effect> effects = sandbox.state() instanceof Running ? Effects.of(next) : List.of();
        return new Changed(next, effects, List.of(new Note(SandboxEvent.Kind.RENEWED, now, "until " + end)));
    }

    private Decision started(Isolation isolation) {
        if (sandbox.state() instanceof Starting(HostId host, Instant deadline)) {
            return run(host, isolation, deadline, new Note(SandboxEvent.Kind.STARTED, now, "on " + host));
        }
        return new Unchanged();
    }

    private Decision resumed(Isolation isolation) {
        if (sandbox.state() instanceof Resuming(HostId host, Isolation _, PauseKind from, Instant deadline)) {
            String detail = from == PauseKind.MEMORY ? "from memory" : "from disk";
            return run(host, isolation, deadline, new Note(SandboxEvent.Kind.RESUMED, now, detail));
        }
        return new Unchanged();
    }

    private Decision run(HostId host, Isolation isolation, Instant deadline, Note note) {
        Duration timeout = Duration.between(deadline, sandbox.endsAt());
        Sandbox next = next(new Running(host, isolation, now), sandbox.generation(), now.plus(timeout));
        return new Changed(next, Effects.of(next), List.of(note));
    }

    private Decision startFailed(String detail) {
        return sandbox.state() instanceof Starting ? stop(StopReason.START_FAILED, detail) : new Unchanged();
    }

    private Decision paused() {
        if (sandbox.state() instanceof Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _)) {
            return pausedNow(new Paused(host, isolation, kind, now));
        }
        return new Unchanged();
    }

    private Decision pausedNow(Paused paused) {
        Sandbox next = next(paused, sandbox.generation(), sandbox.endsAt());
        String detail = paused.kind() == PauseKind.MEMORY ? "in memory" : "to disk";
        return new Changed(next, Effects.of(next), List.of(new Note(SandboxEvent.Kind.PAUSED, now, detail)));
    }

    /** It runs on; perhaps it was frozen and only the answer was lost. */
    private Decision pauseFailed() {
        if (sandbox.state() instanceof Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _)
                && kind == PauseKind.MEMORY) {
            Instant soonest = now.plus(SECOND_TRY);
            Instant end = sandbox.endsAt().isBefore(soonest) ? soonest : sandbox.endsAt();
            Sandbox next = next(new Running(host, isolation, now), sandbox.generation(), end);
            return new Changed(next, Effects.awake(next), List.of());
        }
        return new Unchanged();
    }

    /** It is paused still; perhaps it was thawed and only the answer was lost. What was started from a disk goes. */
    private Decision resumeFailed() {
        if (sandbox.state() instanceof Resuming(HostId host, Isolation isolation, PauseKind from, Instant _)) {
            return switch (from) {
                case MEMORY ->
                    new Changed(
                            next(new Paused(host, isolation, from, now), sandbox.generation(), sandbox.endsAt()),
                            Effects.asleep(sandbox, now),
                            List.of());
                case DISK -> changed(new Pausing(host, isolation, from, now.plus(TO_DISK_BOUND)));
            };
        }
        return new Unchanged();
    }

    private Decision destroyed() {
        if (sandbox.state() instanceof Stopping(HostId _, StopReason reason, String detail, Instant _)) {
            Sandbox next = next(new Stopped(reason, detail, now), sandbox.generation(), sandbox.endsAt());
            String words = detail.isEmpty() ? reason.name() : reason.name() + ": " + detail;
            return new Changed(next, List.of(), List.of(new Note(SandboxEvent.Kind.ENDED, now, words)));
        }
        return new Unchanged();
    }

    private Decision expired() {
        return sandbox.state() instanceof Running running && !now.isBefore(sandbox.endsAt())
                ? end(running)
                : new Unchanged();
    }

    private Decision end(Running running) {
        Lifetime lifetime = sandbox.config().lifetime();
        return lifetime.pauses() ? pause(running, lifetime.pauseKind()) : stop(StopReason.EXPIRED, "");
    }

    private Decision pause(Running running, PauseKind kind) {
        Instant deadline = now.plus(kind == PauseKind.MEMORY ? FREEZE_BOUND : TO_DISK_BOUND);
        return changed(new Pausing(running.host(), running.isolation(), kind, deadline));
    }

    private Decision deadlinePassed() {
        if (Effects.alarm(sandbox).filter(at -> !now.isBefore(at)).isEmpty()) {
            return new Unchanged();
        }
        return switch (sandbox.state()) {
            case Starting _ ->
                stop(StopReason.START_FAILED, "it did not start within " + START_BOUND.toSeconds() + " seconds");
            case Running _ -> expired();
            case Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _) ->
                kind == PauseKind.MEMORY
                        ? pauseFailed()
                        : changed(new Pausing(host, isolation, kind, now.plus(TO_DISK_BOUND)));
            case Resuming _ -> resumeFailed();
            case Stopping(HostId _, StopReason reason, String detail, Instant _) -> stop(reason, detail);
            case Paused _, Stopped _ -> new Unchanged();
        };
    }

    /** That incarnation is gone from its host. */
    private Decision gone(long generation, StopReason reason, String detail) {
        if (generation != sandbox.generation()) {
            return new Unchanged();
        }
        return switch (sandbox.state()) {
            case Starting _, Running _ -> stop(reason, detail);
            case Pausing pausing -> pausing.kind() == PauseKind.DISK ? new Unchanged() : stop(reason, detail);
            case Paused paused -> paused.kind() == PauseKind.DISK ? new Unchanged() : stop(reason, detail);
            case Resuming resuming -> resuming.from() == PauseKind.DISK ? resumeFailed() : stop(reason, detail);
            case Stopping _, Stopped _ -> new Unchanged();
        };
    }

    private Decision hostFrozen(long generation) {
        if (generation != sandbox.generation()) {
            return new Unchanged();
        }
        return switch (sandbox.state()) {
            case Running running -> frozenWhileRunning(running);
            case Paused paused -> paused.kind() == PauseKind.DISK ? onlyDisk() : new Unchanged();
            case Starting _, Pausing _, Resuming _, Stopping _, Stopped _ -> new Unchanged();
        };
    }

    /** By its deadline, while the server was away; or a pause failed and the thaw after it was lost. */
    private Decision frozenWhileRunning(Running running) {
        Lifetime lifetime = sandbox.config().lifetime();
        if (now.isBefore(sandbox.endsAt())) {
            return new Repeated(Effects.awake(sandbox));
        }
        if (lifetime.pauses() && lifetime.pauseKind() == PauseKind.MEMORY) {
            return pausedNow(new Paused(running.host(), running.isolation(), PauseKind.MEMORY, now));
        }
        return end(running);
    }

    private Decision hostRunning(long generation) {
        if (generation == sandbox.generation() && sandbox.state() instanceof Paused paused) {
            return paused.kind() == PauseKind.DISK ? onlyDisk() : new Repeated(Effects.asleep(sandbox, now));
        }
        return new Unchanged();
    }

    private Decision onlyDisk() {
        return new Repeated(List.of(new Destroy(sandbox.incarnation(), GRACE)));
    }

    private Decision diskLost() {
        return sandbox.state() instanceof Paused paused && paused.kind() == PauseKind.DISK
                ? stop(StopReason.FAILED, "its disk is not on its host any more")
                : new Unchanged();
    }

    private Decision stop(StopReason reason, String detail) {
        HostId host =
                switch (sandbox.state()) {
                    case Starting starting -> starting.host();
                    case Running running -> running.host();
                    case Pausing pausing -> pausing.host();
                    case Paused paused -> paused.host();
                    case Resuming resuming -> resuming.host();
                    case Stopping stopping -> stopping.host();
                    case Stopped _ -> throw new IllegalStateException("it has ended");
                };
        return changed(new Stopping(host, reason, detail, now.plus(STOP_BOUND)));
    }

    private Decision changed(SandboxState state) {
        return changed(state, sandbox.generation(), sandbox.endsAt());
    }

    private Decision changed(SandboxState state, long generation, Instant endsAt) {
        Sandbox next = next(state, generation, endsAt);
        return new Changed(next, Effects.of(next), List.of());
    }

    private Sandbox next(SandboxState state, long generation, Instant endsAt) {
        return new Sandbox(
                sandbox.id(),
                sandbox.tenant(),
                sandbox.revision() + 1,
                generation,
                sandbox.config(),
                sandbox.createdAt(),
                endsAt,
                state);
    }
}
