package dev.skerry.wire;

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
        super(message, cause);
        this.code = code;
        this.hint = hint;
    }

    public ErrorCode code() {
        return code;
    }

    /** What the reader can do about it. */
    public Optional<String> hint() {
        return hint.isEmpty() ? Optional.empty() : Optional.of(hint);
    }
}
