package dev.skerry.wire;

/** Why a request could not be fulfilled. Callers branch on the code, never on the text. */
public enum ErrorCode {
    INVALID_REQUEST(Kind.CALLER, 400),
    UNAUTHENTICATED(Kind.CALLER, 401),
    DENIED(Kind.CALLER, 403),
    /** Also: exists, but is not the caller's. */
    NOT_FOUND(Kind.CALLER, 404),
    METHOD_NOT_ALLOWED(Kind.CALLER, 405),
    CONFLICT(Kind.CALLER, 409),
    LIMIT_EXCEEDED(Kind.CALLER, 429),
    NO_SPACE(Kind.CALLER, 507),
    /** This host or driver cannot do it: a missing program, kernel feature or isolation level. */
    UNSUPPORTED(Kind.CAPACITY, 501),
    NO_CAPACITY(Kind.CAPACITY, 503),
    HOST_UNREACHABLE(Kind.DEPENDENCY, 502),
    /** The sandbox ended, or its stream broke, while the request was under way. */
    SANDBOX_GONE(Kind.DEPENDENCY, 502),
    DEADLINE_EXCEEDED(Kind.DEPENDENCY, 504),
    INTERNAL(Kind.BUG, 500);

    /** Who has to act: the caller, whoever adds hosts, whoever runs the dependency, or us. */
    public enum Kind {
        CALLER,
        CAPACITY,
        DEPENDENCY,
        BUG
    }

    private final Kind kind;
    private final int status;

    ErrorCode(Kind kind, int status) {
        this.kind = kind;
        this.status = status;
    }

    public Kind kind() {
        return kind;
    }

    /** The HTTP status that a door answers with, unless the API it imitates has its own. */
    public int status() {
        return status;
    }

    public boolean retryable() {
        return kind == Kind.CAPACITY || kind == Kind.DEPENDENCY;
    }
}
