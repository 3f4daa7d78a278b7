package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxEnd;
import java.util.Locale;

/** Why something happened to a sandbox: a closed list, which {@code docs/events.md} explains. */
public enum Cause {
    /** Somebody asked for it with a key; or, without one, the server itself. */
    REQUESTED("asked for"),
    /** A request to one of its ports, for one that wakes on that. */
    TRAFFIC("woken by a request to one of its ports, sent"),
    /** Somebody wants it to start from its disk, so its memory is given up. */
    COLD_START("its memory was given up, as a start from its disk was asked for"),
    /** Its time is over. */
    EXPIRED("its time was over"),
    /** The host could not start it, or not within its time. */
    START_FAILED("the host could not start it"),
    /** Its own process 1 ended, or the runtime under it. */
    EXITED("its first process ended, or the runtime under it"),
    OUT_OF_MEMORY("it ran out of memory"),
    CPU_TIME("it used up its CPU time"),
    SHIM_LOST("its shim on the host died"),
    DISK_LOST("its disk was not on the host any more"),
    HOST_REBOOTED("the host was restarted"),
    /** Its host does not have it any more. */
    HOST_LOST("the host did not have it any more"),
    /** The host could not do what it was told. */
    HOST_FAILED("the host could not do it"),
    /** The host did not do what it was told within the time for that. */
    TOO_LATE("the host did not do it in time"),
    /** Something of ours on the host died; versions that wrote schemas before 7 did not say what. */
    FAILED("something of Skerry on the host died"),
    /** A version that wrote a schema before 7 did not write down why. */
    UNKNOWN("the version of that time did not write down why");

    private final String words;

    Cause(String words) {
        this.words = words;
    }

    /** The rest of a sentence that says what happened. */
    public String words() {
        return words;
    }

    static Cause of(SandboxEnd.Cause cause) {
        return switch (cause) {
            case DESTROYED -> REQUESTED;
            case TIMED_OUT -> EXPIRED;
            case CPU_TIME -> CPU_TIME;
            case OUT_OF_MEMORY -> OUT_OF_MEMORY;
            case GUEST_EXITED -> EXITED;
            case SHIM_LOST -> SHIM_LOST;
            case START_FAILED -> START_FAILED;
            case HOST_REBOOTED -> HOST_REBOOTED;
        };
    }

    /** As it is written in answers. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
