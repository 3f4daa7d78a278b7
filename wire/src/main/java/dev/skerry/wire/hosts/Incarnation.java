package dev.skerry.wire.hosts;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;

/**
 * One life of a sandbox on a host. A sandbox that is stopped to its disk and started again keeps its id and gets the
 * next generation, so a late command or report of an earlier life is told apart.
 *
 * @param generation counts from 1
 */
public record Incarnation(SandboxId id, long generation) {
    public Incarnation {
        if (generation < 1) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a generation counts from 1, not " + generation);
        }
    }

    /** As folders, cgroups and uid claims on the host are called. */
    @Override
    public String toString() {
        return id.text() + "." + generation;
    }
}
