package dev.skerry.server.envd;

import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/** An answer of the HTTP part that is no success: a status, and words for the client. */
final class RestError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    RestError(int status, String message) {
        super(message);
        this.status = status;
    }

    private RestError(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    static RestError of(Failure failure) {
        int status =
                switch (failure.code()) {
                    case CONFLICT, HOST_UNREACHABLE, SANDBOX_GONE -> 500;
                    default -> failure.code().status();
                };
        String words = failure.code() == ErrorCode.NO_SPACE
                ? "not enough disk space available: " + failure.getMessage()
                : failure.getMessage();
        return new RestError(status, words, failure);
    }

    static RestError of(RpcError error) {
        return new RestError(error.code().status(), String.valueOf(error.getMessage()), error);
    }

    int status() {
        return status;
    }
}
