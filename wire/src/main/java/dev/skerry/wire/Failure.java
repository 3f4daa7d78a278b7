package dev.skerry.wire;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that cannot be fulfilled: a code to branch on, a message that names what was wrong, and, where one is
 * known, a hint that says what would be right.
 */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String hint;
    private final Duration retryAfter;

    public Failure(ErrorCode code, String message) {
        this(code, message, "", null);
    }

    public Failure(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, "", cause);
    }

    public Failure(ErrorCode code, String message, String hint) {
        this(code, message, hint, null);
    }

    public Failure(ErrorCode code, String message, String hint, @Nullable Throwable cause) {
        this(code, message, hint, Duration.ZERO, cause);
    }

    private Failure(ErrorCode code, String message, String hint, Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.hint = hint;
        this.retryAfter = retryAfter;
    }

    /** {@code LIMIT_EXCEEDED} for somebody who may ask again after that time. */
    public static Failure limited(String message, String hint, Duration retryAfter) {
        return new Failure(ErrorCode.LIMIT_EXCEEDED, message, hint, retryAfter, null);
    }

    /** {@code NO_CAPACITY} where there will be some after that time. */
    public static Failure noCapacity(String message, String hint, Duration retryAfter) {
        return new Failure(ErrorCode.NO_CAPACITY, message, hint, retryAfter, null);
    }

    public ErrorCode code() {
        return code;
    }

    /** What the reader can do about it. */
    public Optional<String> hint() {
        return hint.isEmpty() ? Optional.empty() : Optional.of(hint);
    }

    /** After what time it is worth asking again, in whole seconds; empty: nobody knows. */
    public Optional<Duration> retryAfter() {
        return retryAfter.isPositive()
                ? Optional.of(
                        Duration.ofSeconds(retryAfter.plusNanos(999_999_999).toSeconds()))
                : Optional.empty();
    }
}
