package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.time.Duration;

/**
 * How a process inside ended, as guestd reports it.
 *
 * @param code of exit(2); 128 + signal when a signal ended it, as shells have it
 */
public record ProcessExit(
        Cause cause, int code, int signal, Duration userTime, Duration systemTime, Duration wallTime, long peakBytes) {
    /** Why it ended. */
    public enum Cause {
        EXITED,
        SIGNALLED,
        TIMED_OUT,
        CPU_TIME
    }

    private static final int SIGNALS_MAX = 64;
    private static final long MICROS_MAX = Long.MAX_VALUE / 1000;

    static ProcessExit of(Fields fields) throws ProtocolViolation {
        int cause = (int) fields.require(Tag.CAUSE, 1, Cause.values().length);
        Cause why = Cause.values()[cause - 1];
        // Either a code or a signal: a program that was told to end in time may have ended by itself.
        boolean signalled = why == Cause.SIGNALLED || (why != Cause.EXITED && !fields.has(Tag.EXIT_CODE));
        int signal = signalled ? (int) fields.require(Tag.EXIT_SIGNAL, 1, SIGNALS_MAX) : 0;
        int code = signalled ? 128 + signal : (int) fields.require(Tag.EXIT_CODE, 0, 255);
        return new ProcessExit(
                why,
                code,
                signal,
                micros(fields, Tag.USER_US),
                micros(fields, Tag.SYSTEM_US),
                micros(fields, Tag.WALL_US),
                fields.optional(Tag.PEAK_RSS, 0, Long.MAX_VALUE));
    }

    private static Duration micros(Fields fields, Tag tag) throws ProtocolViolation {
        return Duration.ofNanos(1000 * fields.optional(tag, 0, MICROS_MAX));
    }

    public boolean success() {
        return cause == Cause.EXITED && code == 0;
    }
}
