package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;

/** The sandbox that a path names. Whatever is not one of the caller's is not found, in the words of the E2B API. */
final class SandboxPath {
    static final String VARIABLE = "sandboxID";

    private SandboxPath() {}

    /** What is done with it. */
    @FunctionalInterface
    interface Command<T> {
        T on(TenantId tenant, SandboxId id) throws InterruptedException;
    }

    static <T> T call(Exchange exchange, Caller caller, Command<T> command) throws InterruptedException {
        String text = exchange.variable(VARIABLE);
        try {
            return command.on(caller.tenant(), id(text));
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.SANDBOX_GONE) {
                throw new Failure(ErrorCode.NOT_FOUND, missing(text), e);
            }
            throw e;
        }
    }

    private static SandboxId id(String text) {
        try {
            return new SandboxId(text);
        } catch (Failure e) {
            throw new Failure(ErrorCode.NOT_FOUND, missing(text), e);
        }
    }

    private static String missing(String text) {
        return "Sandbox \"" + Quoted.of(text) + "\" doesn't exist or you don't have access to it";
    }
}
