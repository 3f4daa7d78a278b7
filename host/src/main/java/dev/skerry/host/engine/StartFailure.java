package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;

/** Says why a sandbox did not come up, by how it ended. */
final class StartFailure {
    private StartFailure() {}

    static Failure of(SandboxEnd end, Failure cause) {
        return switch (end.cause()) {
            case TIMED_OUT, CPU_TIME ->
                new Failure(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "the sandbox reached its limit on "
                                + (end.cause() == SandboxEnd.Cause.TIMED_OUT ? "wall-clock" : "CPU")
                                + " time before it had started",
                        "the time of starting counts; give it more",
                        cause);
            case DESTROYED, OUT_OF_MEMORY, SHIM_LOST, HOST_REBOOTED ->
                new Failure(ErrorCode.SANDBOX_GONE, "the sandbox ended while it was starting: " + end.detail(), cause);
            case START_FAILED, GUEST_EXITED ->
                new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the sandbox did not start: " + end.detail(),
                        "'skerry doctor' checks this host",
                        cause);
        };
    }
}
