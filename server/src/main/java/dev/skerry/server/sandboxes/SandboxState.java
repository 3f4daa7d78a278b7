package dev.skerry.server.sandboxes;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.Optional;

/** Where a sandbox is in its life. What is valid only in a state is part of that state. */
public sealed interface SandboxState {
    /** @param deadline when starting it is given up */
    record Starting(HostId host, Instant deadline) implements SandboxState {}

    /** @param since of this incarnation, or of the resume */
    record Running(HostId host, Isolation isolation, Instant since) implements SandboxState {}

    record Pausing(HostId host, Isolation isolation, PauseKind kind, Instant deadline) implements SandboxState {}

    record Paused(HostId host, Isolation isolation, PauseKind kind, Instant since) implements SandboxState {}

    record Resuming(HostId host, Isolation isolation, PauseKind from, Instant deadline) implements SandboxState {}

    record Stopping(HostId host, Cause reason, String detail, Instant deadline) implements SandboxState {}

    record Stopped(Cause reason, String detail, Instant at) implements SandboxState {}

    /** Where it is; empty once it has ended. */
    default Optional<HostId> place() {
        return switch (this) {
            case Starting starting -> Optional.of(starting.host());
            case Running running -> Optional.of(running.host());
            case Pausing pausing -> Optional.of(pausing.host());
            case Paused paused -> Optional.of(paused.host());
            case Resuming resuming -> Optional.of(resuming.host());
            case Stopping stopping -> Optional.of(stopping.host());
            case Stopped _ -> Optional.empty();
        };
    }

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
}
