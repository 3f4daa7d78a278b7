package dev.skerry.server.sandboxes;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Creates sandboxes, one for each key. */
final class Creation {
    /** Of an idempotency key, in characters. */
    private static final int KEY_LENGTH_MAX = 255;

    private final SandboxEngine engine;
    private final BooleanSupplier closed;

    Creation(SandboxEngine engine, BooleanSupplier closed) {
        this.engine = engine;
        this.closed = closed;
    }

    Sandbox create(TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> idempotencyKey)
            throws InterruptedException {
        idempotencyKey.ifPresent(Creation::checkKey);
        while (true) {
            switch (engine.begin(tenant, config, timeout, idempotencyKey)) {
                case SandboxEngine.Begun.New(Entry entry) -> {
                    return started(entry);
                }
                case SandboxEngine.Begun.Existing(Entry entry) -> {
                    Optional<Sandbox> existing = join(entry, config);
                    if (existing.isPresent()) {
                        return existing.get();
                    }
                }
            }
        }
    }

    private static void checkKey(String key) {
        if (key.isEmpty() || key.length() > KEY_LENGTH_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "an idempotency key has 1 to " + KEY_LENGTH_MAX + " characters, not " + key.length());
        }
    }

    private Sandbox started(Entry entry) throws InterruptedException {
        Sandbox sandbox = entry.sandbox();
        if (sandbox.state() instanceof SandboxState.Starting starting) {
            entry.awaitSuccess(starting, StoredSandboxes.TRANSITION, closed);
            sandbox = entry.sandbox();
        }
        Optional<Failure> why = entry.startFailure();
        if (why.isPresent()) {
            throw why.get();
        }
        Optional<Sandbox> ran = entry.started();
        if (ran.isPresent() && SandboxQuery.Visible.of(sandbox.state()).isEmpty()) {
            // It did run, for as long as was asked or until somebody ended it.
            return ran.get();
        }
        return switch (sandbox.state()) {
            case SandboxState.Stopping(HostId _, Cause reason, String detail, Instant _) ->
                throw ended(sandbox, reason, detail);
            case SandboxState.Stopped(Cause reason, String detail, Instant _) -> throw ended(sandbox, reason, detail);
            case SandboxState.Starting _,
                    SandboxState.Running _,
                    SandboxState.Pausing _,
                    SandboxState.Paused _,
                    SandboxState.Resuming _ -> sandbox;
        };
    }

    private static Failure ended(Sandbox sandbox, Cause reason, String detail) {
        return reason == Cause.START_FAILED
                ? new Failure(ErrorCode.DEADLINE_EXCEEDED, "Failed to place sandbox: " + detail)
                : new Failure(
                        ErrorCode.SANDBOX_GONE,
                        "sandbox " + sandbox.id() + " ended when it had hardly started: " + reason + " " + detail);
    }

    /** Empty: it is not there any more, and its key is free. */
    private Optional<Sandbox> join(Entry entry, SandboxConfig config) throws InterruptedException {
        entry.awaitStored(StoredSandboxes.TRANSITION, closed);
        if (!entry.stored()) {
            return Optional.empty();
        }
        if (entry.sandbox().state() instanceof SandboxState.Stopping) {
            entry.awaitEnd(StoredSandboxes.TRANSITION, closed);
            return Optional.empty();
        }
        if (!entry.sandbox().config().wasAskedBy(config)) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the idempotency key was used with another configuration, for sandbox "
                            + entry.sandbox().id(),
                    "use a new key for a new sandbox");
        }
        return Optional.of(started(entry));
    }
}
