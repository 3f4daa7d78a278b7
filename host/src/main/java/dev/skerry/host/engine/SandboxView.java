package dev.skerry.host.engine;

import dev.skerry.wire.SandboxId;
import java.util.Optional;

/**
 * A sandbox as others see it on this host.
 *
 * @param controller pid of the process that controls it, when that lives
 */
public record SandboxView(SandboxId id, SandboxRecord record, State state, Optional<Long> controller) {
    /** What there is of it. */
    public enum State {
        /** Its shim lives. */
        RUNNING,
        /** It has ended, and nobody has asked how. */
        ENDED
    }

    static SandboxView of(SandboxRecord record, RunFolder folder) {
        boolean running = folder.exit().isEmpty()
                && folder.shim().filter(ProcessIdentity::alive).isPresent();
        Optional<Long> controller =
                folder.owner().filter(ProcessIdentity::alive).map(ProcessIdentity::pid);
        return new SandboxView(record.sandboxId(), record, running ? State.RUNNING : State.ENDED, controller);
    }
}
