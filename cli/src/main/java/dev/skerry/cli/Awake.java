package dev.skerry.cli;

import dev.skerry.cli.client.ServerSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/** Whether something can be asked of a sandbox right now. */
final class Awake {
    private Awake() {}

    /** @throws Failure {@code CONFLICT} for one that is paused and stays so */
    static ServerSandbox require(ServerSandbox sandbox) {
        if (sandbox.paused() && !sandbox.resumes()) {
            throw new Failure(
                    ErrorCode.CONFLICT, "sandbox '" + sandbox.id() + "' is paused", "./skerry resume " + sandbox.id());
        }
        return sandbox;
    }
}
