package dev.skerry.server.sandboxes;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import java.time.Duration;

/** What may happen to a sandbox: somebody asks, a host has done what it was told or not, time passes. */
sealed interface LifecycleEvent {
    /** Somebody asks; there is an answer to give. */
    sealed interface Asked extends LifecycleEvent {}

    record PauseAsked(PauseKind kind) implements Asked {}

    /**
     * It is to run.
     *
     * @param timeout from the moment it runs
     */
    record ResumeAsked(Duration timeout, Cause cause) implements Asked {}

    /** It is to start from its disk; the memory of a frozen one is given up. */
    record ColdAsked() implements Asked {}

    record KillAsked() implements Asked {}

    /** Its time is over now, whatever was agreed before. */
    record EndAsked() implements Asked {}

    /** A new end, later or earlier. */
    record Renewed(Duration fromNow) implements Asked {}

    /** A new end, if that is later. */
    record Extended(Duration fromNow, Cause cause) implements Asked {}

    /** @param warm whether it was ready before it was asked for */
    record Started(Isolation isolation, boolean warm) implements LifecycleEvent {}

    record StartFailed(String detail) implements LifecycleEvent {}

    record Paused() implements LifecycleEvent {}

    record PauseFailed(String detail) implements LifecycleEvent {}

    record Resumed(Isolation isolation) implements LifecycleEvent {}

    record ResumeFailed(String detail) implements LifecycleEvent {}

    record Destroyed() implements LifecycleEvent {}

    /** Its end may have come. */
    record Expired() implements LifecycleEvent {}

    /** The deadline of a transition may have come. */
    record DeadlinePassed() implements LifecycleEvent {}

    /** The host has a record of that incarnation's end. */
    record HostEnded(long generation, SandboxEnd end) implements LifecycleEvent {}

    /** The host does not know that incarnation any more. */
    record HostLost(long generation, Cause cause) implements LifecycleEvent {}

    /** The host has it frozen, while nobody is changing that. */
    record HostFrozen(long generation) implements LifecycleEvent {}

    /** The host has it running, while nobody is changing that. */
    record HostRunning(long generation) implements LifecycleEvent {}

    /** The disk of one that is only a disk is not there. */
    record DiskLost() implements LifecycleEvent {}
}
