package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/** The number formats of tar headers and pax records, with every overflow and stray character refused. */
final class TarNumbers {
    private TarNumbers() {}

    static Failure bad(String what) {
        return new Failure(ErrorCode.INVALID_REQUEST, "the archive is damaged: " + what);
    }

    /** Octal digits, or base 256 with the top bit set (GNU). */
    static long field(byte[] block, int offset, int length) {
        if ((block[offset] & 0x80) != 0) {
            return base256(block, offset, length);
        }
        int at = offset;
        int end = offset + length;
        while (at < end && block[at] == ' ') {
            at++;
        }
        long value = 0;
        for (; at < end && block[at] != ' ' && block[at] != 0; at++) {
            int digit = block[at] - '0';
            if (digit < 0 || digit > 7 || value > Long.MAX_VALUE >> 3) {
                throw bad("a header field is not an octal number");
            }
            value = (value << 3) | digit;
        }
        return value;
    }

    /** Negative ones are all -1: only times may be negative, and then they are of no use. */
    private static long base256(byte[] block, int offset, int length) {
        if ((block[offset] & 0x40) != 0) {
            return -1;
        }
        long value = block[offset] & 0x3f;
        for (int i = 1; i < length; i++) {
            if (value > Long.MAX_VALUE >> 8) {
                throw bad("a header field does not fit 64 bits");
            }
            value = (value << 8) | (block[offset + i] & 0xff);
        }
        return value;
    }

    static long decimal(String text) {
        if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw bad("'" + (text.length() > 40 ? text.substring(0, 40) : text) + "' is not a number");
        }
        return Long.parseLong(text);
    }

    /** Seconds with an optional fraction, as pax writes times; out of range or negative ones become the epoch. */
    static long nanos(String text) {
        int point = text.indexOf('.');
        String whole = point < 0 ? text : text.substring(0, point);
        if (whole.startsWith("-")) {
            return 0;
        }
        String fraction = point < 0 ? "" : text.substring(point + 1);
        return nanos(decimal(whole)) + decimal((fraction + "000000000").substring(0, 9));
    }

    /** Seconds as nanoseconds; what 64 bits do not hold becomes the epoch. */
    static long nanos(long seconds) {
        return seconds < 0 || seconds > Long.MAX_VALUE / 1_000_000_000L - 1 ? 0 : seconds * 1_000_000_000L;
    }
}
