package dev.skerry.server.connect;

import dev.skerry.wire.Failure;

/** How a call ends that does not end well; its message is for the caller. */
public final class RpcError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Code code;

    public RpcError(Code code, String message) {
        super(message);
        this.code = code;
    }

    private RpcError(Code code, String message, Failure cause) {
        super(message, cause);
        this.code = code;
    }

    public static RpcError of(Failure failure) {
        return of(Code.of(failure.code()), failure);
    }

    /** With the failure's words and another code. */
    public static RpcError of(Code code, Failure failure) {
        String hint = failure.hint().map(text -> "; " + text).orElse("");
        return new RpcError(code, failure.getMessage() + hint, failure);
    }

    public Code code() {
        return code;
    }
}
