package dev.skerry.server.connect;

import dev.skerry.wire.ErrorCode;
import java.util.Locale;

/** The error codes of the Connect protocol. */
public enum Code {
    CANCELED(499),
    UNKNOWN(500),
    INVALID_ARGUMENT(400),
    DEADLINE_EXCEEDED(504),
    NOT_FOUND(404),
    ALREADY_EXISTS(409),
    PERMISSION_DENIED(403),
    RESOURCE_EXHAUSTED(429),
    FAILED_PRECONDITION(400),
    ABORTED(409),
    OUT_OF_RANGE(400),
    UNIMPLEMENTED(501),
    INTERNAL(500),
    UNAVAILABLE(503),
    DATA_LOSS(500),
    UNAUTHENTICATED(401);

    private final int status;

    Code(int status) {
        this.status = status;
    }

    /** The HTTP status of an answer that is this error alone. */
    public int status() {
        return status;
    }

    /** As it is written on the wire. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** For a failure that a method did not translate itself. */
    public static Code of(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST -> INVALID_ARGUMENT;
            case UNAUTHENTICATED -> UNAUTHENTICATED;
            case DENIED -> PERMISSION_DENIED;
            case NOT_FOUND -> NOT_FOUND;
            case CONFLICT -> FAILED_PRECONDITION;
            case LIMIT_EXCEEDED, NO_SPACE, NO_CAPACITY -> RESOURCE_EXHAUSTED;
            case METHOD_NOT_ALLOWED, UNSUPPORTED -> UNIMPLEMENTED;
            case HOST_UNREACHABLE, SANDBOX_GONE -> UNAVAILABLE;
            case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
            case INTERNAL -> INTERNAL;
        };
    }
}
