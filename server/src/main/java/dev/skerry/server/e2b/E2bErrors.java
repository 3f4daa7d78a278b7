package dev.skerry.server.e2b;

import dev.skerry.server.database.DatabaseTrouble;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what a handler throws into the error bodies of the E2B API: {@code code} repeats the status, because clients
 * branch on it; {@code hint} and {@code request_id} are ours.
 */
final class E2bErrors implements Handler {
    private static final Logger LOG = LoggerFactory.getLogger(E2bErrors.class);

    private static final String RETRY_AFTER_SECONDS = "1";

    private final Handler next;

    E2bErrors(Handler next) {
        this.next = next;
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        try {
            next.handle(exchange);
        } catch (Failure e) {
            if (exchange.answered()) {
                throw e;
            }
            if (e.code().kind() == ErrorCode.Kind.BUG) {
                report(exchange, e);
            }
            answer(exchange, e);
        } catch (RuntimeException e) {
            report(exchange, e);
            if (exchange.answered()) {
                throw e;
            }
            answer(
                    exchange,
                    DatabaseTrouble.of(e).orElseGet(() -> new Failure(ErrorCode.INTERNAL, "an error of the server")));
        } catch (Error e) {
            report(exchange, e);
            if (exchange.answered()) {
                throw e;
            }
            answer(exchange, new Failure(ErrorCode.INTERNAL, "an error of the server"));
        }
    }

    private static void report(Exchange exchange, Throwable e) {
        LOG.atError()
                .addKeyValue("request", exchange.requestId())
                .addKeyValue("method", RequestFacts.method(exchange))
                .addKeyValue("path", RequestFacts.path(exchange))
                .setCause(e)
                .log("a request failed");
    }

    static void answer(Exchange exchange, int status, String message) throws IOException {
        exchange.json(status, body(exchange, status, message));
    }

    private static Map<String, Object> body(Exchange exchange, int status, String message) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("code", status);
        body.put("message", message);
        body.put("request_id", exchange.requestId());
        return body;
    }

    private static void answer(Exchange exchange, Failure failure) throws IOException {
        int status = status(failure.code());
        Map<String, Object> body = body(exchange, status, failure.getMessage());
        errorCode(failure.code(), body);
        failure.hint().ifPresent(hint -> body.put("hint", hint));
        failure.retryAfter()
                .map(time -> String.valueOf(time.toSeconds()))
                .or(() -> failure.code() == ErrorCode.NO_CAPACITY ? Optional.of(RETRY_AFTER_SECONDS) : Optional.empty())
                .ifPresent(seconds -> exchange.set("Retry-After", seconds));
        exchange.json(status, body);
    }

    /** The clients know capacity by these names. */
    private static void errorCode(ErrorCode code, Map<String, Object> body) {
        if (code == ErrorCode.NO_CAPACITY || code == ErrorCode.NO_SPACE) {
            body.put("error_code", "sandbox_capacity_unavailable");
        } else if (code == ErrorCode.DEADLINE_EXCEEDED) {
            body.put("error_code", "sandbox_placement_timeout");
        } else if (code == ErrorCode.UNSUPPORTED) {
            body.put("error_code", "sandbox_no_compatible_node");
        }
    }

    /** On the control plane a sandbox that went away while it was asked for was not found. */
    static int status(ErrorCode code) {
        return switch (code) {
            case SANDBOX_GONE -> ErrorCode.NOT_FOUND.status();
            case NO_SPACE, UNSUPPORTED -> ErrorCode.NO_CAPACITY.status();
            case INVALID_REQUEST,
                    UNAUTHENTICATED,
                    DENIED,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    CONFLICT,
                    LIMIT_EXCEEDED,
                    NO_CAPACITY,
                    HOST_UNREACHABLE,
                    DEADLINE_EXCEEDED,
                    INTERNAL -> code.status();
        };
    }
}
