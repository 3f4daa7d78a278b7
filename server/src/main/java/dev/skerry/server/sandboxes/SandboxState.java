package dev.skerry.server.sandboxes;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;

/** Where a sandbox is in its life. What is valid only in a state is part of that state. */
public sealed interface SandboxState {
    /** @param deadline when starting it is given up */
    record Starting(HostId host, Instant deadline) implements SandboxState {}

    /** @param since of this incarnation, or of the resume */
    record Running(HostId host, Isolation isolation, Instant since) implements SandboxState {}

    record Pausing(HostId host, Isolation isolation, PauseKind kind, Instant deadline) implements SandboxState {}

    record Paused(HostId host, Isolation isolation, PauseKind kind, Instant since) implements SandboxState {}

    record Resuming(HostId host, Isolation isolation, PauseKind from, Instant deadline) implements SandboxState {}

    record Stopping(HostId host, StopReason reason, String detail, Instant deadline) implements SandboxState {}

    record Stopped(StopReason reason, String detail, Instant at) implements SandboxState {}

    /** Whether its host has processes of it, running or frozen. */
    default boolean onHost() {
        return switch (this) {
            case Running _ -> true;
            case Pausing pausing -> pausing.kind() == PauseKind.MEMORY;
            case Paused paused -> paused.kind() == PauseKind.MEMORY;
            case Resuming resuming -> resuming.from() == PauseKind.MEMORY;
            case Starting _, Stopping _, Stopped _ -> false;
        };
    }

    /** Why a sandbox ended. */
    enum StopReason {
        REQUESTED,
        EXPIRED,
        START_FAILED,
        /** Its own process 1 ended, or the runtime under it. */
        EXITED,
        OUT_OF_MEMORY,
        CPU_TIME,
        /** Something of ours on the host died: the shim, the runtime. */
        FAILED,
        HOST_REBOOTED,
        HOST_LOST;

        static StopReason of(SandboxEnd.Cause cause) {
            return switch (cause) {
                case DESTROYED -> REQUESTED;
                case TIMED_OUT -> EXPIRED;
                case CPU_TIME -> CPU_TIME;
                case OUT_OF_MEMORY -> OUT_OF_MEMORY;
                case GUEST_EXITED -> EXITED;
                case SHIM_LOST -> FAILED;
                case START_FAILED -> START_FAILED;
                case HOST_REBOOTED -> HOST_REBOOTED;
            };
        }
    }
}
