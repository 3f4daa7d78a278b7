package dev.skerry.server.e2b;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.time.Duration;

/** How long sandboxes may live, as the E2B API counts: in seconds, from now. */
final class Timeouts {
    private static final long SECONDS_MAX = Integer.MAX_VALUE;

    private Timeouts() {}

    static Duration seconds(long value) {
        if (value > SECONDS_MAX || value < -SECONDS_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'timeout' is out of range: " + value);
        }
        return Duration.ofSeconds(value);
    }

    /** For a sandbox that is to start. */
    static void check(Duration timeout, Duration most) {
        if (!timeout.isPositive()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "Timeout must be greater than 0");
        }
        checkMost(timeout, most);
    }

    /** Of a running sandbox: none is left is a way to end it. */
    static void checkMost(Duration timeout, Duration most) {
        if (timeout.compareTo(most) > 0) {
            boolean whole = most.equals(Duration.ofHours(most.toHours()));
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "Timeout cannot be greater than " + (whole ? most.toHours() + " hours" : Quantity.ofTime(most)));
        }
    }
}
