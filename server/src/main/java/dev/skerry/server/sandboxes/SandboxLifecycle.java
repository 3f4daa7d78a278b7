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
    private final Origin origin;

    private SandboxLifecycle(Sandbox sandbox, Instant now, Origin origin) {
        this.sandbox = sandbox;
        this.now = now;
        this.origin = origin;
    }

    /** What somebody asks for who wants a new one. */
    record Wish(TenantId tenant, SandboxConfig config, Duration timeout, Origin origin) {}

    /** A sandbox that is to be started; revision and generation are 1. */
    static Changed create(SandboxId id, Wish wish, HostId host, Instant now) {
        Starting starting = new Starting(host, now.plus(START_BOUND));
        Instant end = starting.deadline().plus(wish.timeout());
        Why why = new Why(Cause.REQUESTED, wish.origin());
        Sandbox sandbox = new Sandbox(id, wish.tenant(), 1, 1, wish.config(), now, end, starting, why);
        String detail = "for " + wish.timeout().toSeconds() + " seconds";
        return new Changed(
                sandbox, Effects.of(sandbox), List.of(new Note(SandboxEvent.Kind.CREATED, now, detail, why)));
    }

    /** @param origin who is behind the event, if anybody is */
    static Decision decide(Sandbox sandbox, LifecycleEvent event, Instant now, Origin origin) {
        if (sandbox.state() instanceof Stopped) {
            return event instanceof LifecycleEvent.Asked ? Refusals.notFound(sandbox.id()) : new Unchanged();
        }
        return new SandboxLifecycle(sandbox, now, origin).on(event);
    }

    private Decision on(LifecycleEvent event) {
        return switch (event) {
            case LifecycleEvent.PauseAsked(PauseKind kind) -> pauseAsked(kind);
            case LifecycleEvent.ResumeAsked(Duration timeout, Cause cause) -> resumeAsked(timeout, cause);
            case LifecycleEvent.ColdAsked _ -> coldAsked();
            case LifecycleEvent.KillAsked _ -> killAsked();
            case LifecycleEvent.EndAsked _ -> endAsked();
            case LifecycleEvent.Renewed(Duration fromNow) -> renewed(fromNow, true, Cause.REQUESTED);
            case LifecycleEvent.Extended(Duration fromNow, Cause cause) -> renewed(fromNow, false, cause);
            case LifecycleEvent.Started(Isolation isolation, boolean warm) -> started(isolation, warm);
            case LifecycleEvent.StartFailed(String detail) -> startFailed(detail);
            case LifecycleEvent.Paused _ -> paused();
            case LifecycleEvent.PauseFailed(String detail) -> pauseFailed(Cause.HOST_FAILED, detail);
            case LifecycleEvent.Resumed(Isolation isolation) -> resumed(isolation);
            case LifecycleEvent.ResumeFailed(String detail) -> resumeFailed(Cause.HOST_FAILED, detail);
            case LifecycleEvent.Destroyed _ -> destroyed();
            case LifecycleEvent.Expired _ -> expired();
            case LifecycleEvent.DeadlinePassed _ -> deadlinePassed();
            case LifecycleEvent.HostEnded(long generation, SandboxEnd end) ->
                gone(generation, Cause.of(end.cause()), end.detail());
            case LifecycleEvent.HostLost(long generation, Cause cause) ->
                gone(generation, cause, "its host does not have it any more");
            case LifecycleEvent.HostFrozen(long generation) -> hostFrozen(generation);
            case LifecycleEvent.HostRunning(long generation) -> hostRunning(generation);
            case LifecycleEvent.DiskLost _ -> diskLost();
        };
    }

    private Decision pauseAsked(PauseKind kind) {
        return switch (sandbox.state()) {
            case Running running -> pause(running, kind, Cause.REQUESTED);
            case Pausing _, Paused _ -> Refusals.alreadyPaused(sandbox.id());
            case Starting _, Resuming _ -> Refusals.busy(sandbox.id(), "started");
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision resumeAsked(Duration timeout, Cause cause) {
        return switch (sandbox.state()) {
            case Paused(HostId host, Isolation isolation, PauseKind kind, Instant _) -> {
                Instant deadline = now.plus(kind == PauseKind.MEMORY ? FREEZE_BOUND : START_BOUND);
                long generation = sandbox.generation() + (kind == PauseKind.DISK ? 1 : 0);
                Resuming resuming = new Resuming(host, isolation, kind, deadline);
                yield changed(resuming, generation, deadline.plus(timeout), why(cause));
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
                kind == PauseKind.DISK ? new Unchanged() : toDisk(host, isolation, why(Cause.COLD_START));
            case Starting _, Running _, Resuming _, Pausing _ -> new Unchanged();
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision killAsked() {
        return switch (sandbox.state()) {
            case Starting _, Running _, Pausing _, Paused _, Resuming _ -> stop(Cause.REQUESTED, "");
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

    private Decision renewed(Duration fromNow, boolean alsoEarlier, Cause cause) {
        return switch (sandbox.state()) {
            case Running _ -> renew(now.plus(fromNow), alsoEarlier, cause);
            case Starting(HostId _, Instant deadline) -> renew(deadline.plus(fromNow), alsoEarlier, cause);
            case Resuming(HostId _, Isolation _, PauseKind _, Instant deadline) ->
                renew(deadline.plus(fromNow), alsoEarlier, cause);
            case Pausing _, Paused _ -> Refusals.isPaused(sandbox.id());
            case Stopping _ -> Refusals.beingKilled(sandbox.id());
            case Stopped _ -> Refusals.notFound(sandbox.id());
        };
    }

    private Decision renew(Instant end, boolean alsoEarlier, Cause cause) {
        if (alsoEarlier ? end.equals(sandbox.endsAt()) : !end.isAfter(sandbox.endsAt())) {
            return new Unchanged();
        }
        Sandbox next = next(sandbox.state(), sandbox.generation(), end, sandbox.why());
        // One that does not run yet hears of its end when it does.
        List<Effect> effects = sandbox.state() instanceof Running ? Effects.of(next) : List.of();
        return new Changed(next, effects, List.of(note(SandboxEvent.Kind.RENEWED, "until " + end, why(cause))));
    }

    private Decision started(Isolation isolation, boolean warm) {
        if (sandbox.state() instanceof Starting(HostId host, Instant deadline)) {
            String detail = "on " + host + ", isolation " + isolation.label() + ", start " + (warm ? "warm" : "cold");
            return run(host, isolation, deadline, note(SandboxEvent.Kind.STARTED, detail, sandbox.why()));
        }
        return new Unchanged();
    }

    private Decision resumed(Isolation isolation) {
        if (sandbox.state() instanceof Resuming(HostId host, Isolation _, PauseKind from, Instant deadline)) {
            String detail = from == PauseKind.MEMORY ? "from memory" : "from disk";
            return run(host, isolation, deadline, note(SandboxEvent.Kind.RESUMED, detail, sandbox.why()));
        }
        return new Unchanged();
    }

    private Decision run(HostId host, Isolation isolation, Instant deadline, Note note) {
        Duration timeout = Duration.between(deadline, sandbox.endsAt());
        Running running = new Running(host, isolation, now);
        Sandbox next = next(running, sandbox.generation(), now.plus(timeout), sandbox.why());
        return new Changed(next, Effects.of(next), List.of(note));
    }

    private Decision startFailed(String detail) {
        return sandbox.state() instanceof Starting ? stop(Cause.START_FAILED, detail) : new Unchanged();
    }

    private Decision paused() {
        if (sandbox.state() instanceof Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _)) {
            return pausedNow(new Paused(host, isolation, kind, now), sandbox.why());
        }
        return new Unchanged();
    }

    private Decision pausedNow(Paused paused, Why why) {
        Sandbox next = next(paused, sandbox.generation(), sandbox.endsAt(), why);
        String detail = paused.kind() == PauseKind.MEMORY ? "in memory" : "to disk";
        return new Changed(next, Effects.of(next), List.of(note(SandboxEvent.Kind.PAUSED, detail, why)));
    }

    /** It runs on; perhaps it was frozen and only the answer was lost. */
    private Decision pauseFailed(Cause cause, String detail) {
        if (sandbox.state() instanceof Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _)
                && kind == PauseKind.MEMORY) {
            Instant soonest = now.plus(SECOND_TRY);
            Instant end = sandbox.endsAt().isBefore(soonest) ? soonest : sandbox.endsAt();
            Why why = new Why(cause, sandbox.why().origin());
            Sandbox next = next(new Running(host, isolation, now), sandbox.generation(), end, why);
            return new Changed(next, Effects.awake(next), List.of(note(SandboxEvent.Kind.PAUSE_FAILED, detail, why)));
        }
        return new Unchanged();
    }

    /** It is paused still; perhaps it was thawed and only the answer was lost. What was started from a disk goes. */
    private Decision resumeFailed(Cause cause, String detail) {
        if (sandbox.state() instanceof Resuming(HostId host, Isolation isolation, PauseKind from, Instant _)) {
            Why why = new Why(cause, sandbox.why().origin());
            List<Note> notes = List.of(note(SandboxEvent.Kind.RESUME_FAILED, detail, why));
            return switch (from) {
                case MEMORY -> {
                    Paused paused = new Paused(host, isolation, from, now);
                    Sandbox next = next(paused, sandbox.generation(), sandbox.endsAt(), why);
                    yield new Changed(next, Effects.asleep(sandbox, now), notes);
                }
                case DISK -> {
                    Changed changed = toDisk(host, isolation, why);
                    yield new Changed(changed.sandbox(), changed.effects(), notes);
                }
            };
        }
        return new Unchanged();
    }

    private Decision destroyed() {
        if (sandbox.state() instanceof Stopping(HostId _, Cause reason, String detail, Instant _)) {
            Stopped stopped = new Stopped(reason, detail, now);
            Sandbox next = next(stopped, sandbox.generation(), sandbox.endsAt(), sandbox.why());
            String words = detail.isEmpty() ? reason.name() : reason.name() + ": " + detail;
            return new Changed(next, List.of(), List.of(note(SandboxEvent.Kind.ENDED, words, sandbox.why())));
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
        return lifetime.pauses() ? pause(running, lifetime.pauseKind(), Cause.EXPIRED) : stop(Cause.EXPIRED, "");
    }

    private Decision pause(Running running, PauseKind kind, Cause cause) {
        return switch (kind) {
            case MEMORY -> {
                Pausing pausing = new Pausing(running.host(), running.isolation(), kind, now.plus(FREEZE_BOUND));
                yield changed(pausing, why(cause));
            }
            case DISK -> toDisk(running.host(), running.isolation(), why(cause));
        };
    }

    private Changed toDisk(HostId host, Isolation isolation, Why why) {
        return changed(new Pausing(host, isolation, PauseKind.DISK, now.plus(TO_DISK_BOUND)), why);
    }

    private Decision deadlinePassed() {
        if (Effects.alarm(sandbox).filter(at -> !now.isBefore(at)).isEmpty()) {
            return new Unchanged();
        }
        return switch (sandbox.state()) {
            case Starting _ ->
                stop(Cause.START_FAILED, "it did not start within " + START_BOUND.toSeconds() + " seconds");
            case Running _ -> expired();
            case Pausing(HostId host, Isolation isolation, PauseKind kind, Instant _) ->
                kind == PauseKind.MEMORY
                        ? pauseFailed(Cause.TOO_LATE, "not within " + FREEZE_BOUND.toSeconds() + " seconds")
                        : toDisk(host, isolation, sandbox.why());
            case Resuming _ -> resumeFailed(Cause.TOO_LATE, "");
            case Stopping(HostId _, Cause reason, String detail, Instant _) -> stop(reason, detail);
            case Paused _, Stopped _ -> new Unchanged();
        };
    }

    /** That incarnation is gone from its host. */
    private Decision gone(long generation, Cause cause, String detail) {
        if (generation != sandbox.generation()) {
            return new Unchanged();
        }
        return switch (sandbox.state()) {
            case Starting _, Running _ -> stop(cause, detail);
            case Pausing pausing -> pausing.kind() == PauseKind.DISK ? new Unchanged() : stop(cause, detail);
            case Paused paused -> paused.kind() == PauseKind.DISK ? new Unchanged() : stop(cause, detail);
            case Resuming resuming ->
                resuming.from() == PauseKind.DISK ? resumeFailed(cause, detail) : stop(cause, detail);
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
            Paused paused = new Paused(running.host(), running.isolation(), PauseKind.MEMORY, now);
            return pausedNow(paused, why(Cause.EXPIRED));
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
                ? stop(Cause.DISK_LOST, "its disk is not on its host any more")
                : new Unchanged();
    }

    /** One that is being ended already is so for the reason that it was. */
    private Decision stop(Cause cause, String detail) {
        HostId host = sandbox.state().place().orElseThrow();
        Why why = sandbox.state() instanceof Stopping ? sandbox.why() : why(cause);
        return changed(new Stopping(host, cause, detail, now.plus(STOP_BOUND)), why);
    }

    private Why why(Cause cause) {
        return new Why(cause, origin);
    }

    private Note note(SandboxEvent.Kind kind, String detail, Why why) {
        return new Note(kind, now, detail, why);
    }

    private Changed changed(SandboxState state, Why why) {
        return changed(state, sandbox.generation(), sandbox.endsAt(), why);
    }

    private Changed changed(SandboxState state, long generation, Instant endsAt, Why why) {
        Sandbox next = next(state, generation, endsAt, why);
        return new Changed(next, Effects.of(next), List.of());
    }

    private Sandbox next(SandboxState state, long generation, Instant endsAt, Why why) {
        return new Sandbox(
                sandbox.id(),
                sandbox.tenant(),
                sandbox.revision() + 1,
                generation,
                sandbox.config(),
                sandbox.createdAt(),
                endsAt,
                state,
                why);
    }
}
