package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.StartSandbox;
import java.util.Optional;

/** What a {@link SimulatedHost} knows of one sandbox; whoever touches it holds the host's lock. */
final class SimulatedBox {
    final StartSandbox command;
    final boolean warm;
    HostedSandbox.State state = HostedSandbox.State.STARTING;
    Optional<Deadline> deadline;
    Optional<SandboxEnd> end = Optional.empty();

    SimulatedBox(StartSandbox command, boolean warm) {
        this.command = command;
        this.warm = warm;
        this.deadline = command.deadline();
    }

    boolean alive() {
        return state != HostedSandbox.State.ENDED;
    }
}
