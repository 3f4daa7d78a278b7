package dev.skerry.host.stream;

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

    static ProcessExit of(Fields fields) throws ProtocolViolation {
        long number = fields.require(Tag.CAUSE);
        if (number < 1 || number > Cause.values().length) {
            throw new ProtocolViolation("an end of cause " + number);
        }
        long signal = fields.number(Tag.EXIT_SIGNAL, 0);
        long code = fields.number(Tag.EXIT_CODE, 128 + signal);
        if (signal < 0 || signal > SIGNALS_MAX || code < 0 || code > 255) {
            throw new ProtocolViolation("exit code " + code + ", signal " + signal);
        }
        return new ProcessExit(
                Cause.values()[(int) number - 1],
                (int) code,
                (int) signal,
                micros(fields, Tag.USER_US),
                micros(fields, Tag.SYSTEM_US),
                micros(fields, Tag.WALL_US),
                fields.number(Tag.PEAK_RSS, 0));
    }

    private static Duration micros(Fields fields, Tag tag) throws ProtocolViolation {
        return Duration.ofNanos(Math.multiplyExact(Math.clamp(fields.number(tag, 0), 0, Long.MAX_VALUE / 1000), 1000));
    }

    public boolean success() {
        return cause == Cause.EXITED && code == 0;
    }
}
