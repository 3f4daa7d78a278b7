package dev.skerry.server.sandboxes;

import dev.skerry.server.sandboxes.Decision.Refused;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.SandboxId;

/** In the words that clients of the E2B API know. */
final class Refusals {
    private Refusals() {}

    static Refused notFound(SandboxId id) {
        return new Refused(ErrorCode.NOT_FOUND, "Sandbox \"" + id + "\" doesn't exist or you don't have access to it");
    }

    static Refused beingKilled(SandboxId id) {
        return new Refused(ErrorCode.CONFLICT, "Sandbox \"" + id + "\" is being killed");
    }

    static Refused alreadyPaused(SandboxId id) {
        return new Refused(ErrorCode.CONFLICT, "Error pausing sandbox - sandbox '" + id + "' is already paused");
    }

    /** There is none that runs. */
    static Refused isPaused(SandboxId id) {
        return new Refused(ErrorCode.NOT_FOUND, "Sandbox \"" + id + "\" is paused");
    }

    static Refused notResumed(SandboxId id) {
        return new Refused(ErrorCode.DEADLINE_EXCEEDED, "Sandbox \"" + id + "\" could not be resumed");
    }

    static Refused busy(SandboxId id, String what) {
        return new Refused(ErrorCode.CONFLICT, "Sandbox \"" + id + "\" is being " + what);
    }
}
