package dev.skerry.wire;

/**
 * How a sandbox ended; there is exactly one per sandbox.
 *
 * @param cause why
 * @param detail for a reader: the exit of process 1, the runtime's own words
 */
public record SandboxEnd(Cause cause, String detail) {
    /** Why a sandbox ended. */
    public enum Cause {
        /** Somebody asked for it. */
        DESTROYED,
        /** The wall-clock limit. */
        TIMED_OUT,
        /** The limit on CPU time. */
        CPU_TIME,
        /** The kernel killed process 1, or everything, for want of memory. */
        OUT_OF_MEMORY,
        /** Process 1 inside (guestd, or the user-space kernel under it) ended by itself. */
        GUEST_EXITED,
        /** The shim on the host died. */
        SHIM_LOST,
        /** It never came up. */
        START_FAILED,
        /** The machine was restarted. */
        HOST_REBOOTED
    }
}
