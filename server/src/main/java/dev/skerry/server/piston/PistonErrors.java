package dev.skerry.server.piston;

import dev.skerry.server.database.DatabaseTrouble;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns what a handler throws into Piston's error bodies: {@code message} is Piston's, {@code hint} and
 * {@code request_id} are ours. An error of the server has no content, as there.
 */
final class PistonErrors implements Handler {
    private static final Logger LOG = LoggerFactory.getLogger(PistonErrors.class);
    private static final Duration SOON = Duration.ofSeconds(1);

    private final Handler next;

    PistonErrors(Handler next) {
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
            answer(exchange, e);
        } catch (RuntimeException e) {
            if (exchange.answered()) {
                throw e;
            }
            answer(
                    exchange,
                    DatabaseTrouble.of(e)
                            .orElseGet(() -> new Failure(ErrorCode.INTERNAL, "an error of the server", e)));
        } catch (Error e) {
            if (exchange.answered()) {
                throw e;
            }
            answer(exchange, new Failure(ErrorCode.INTERNAL, "an error of the server", e));
        }
    }

    private static void answer(Exchange exchange, Failure failure) throws IOException {
        if (failure.code().kind() == ErrorCode.Kind.BUG) {
            LOG.atError()
                    .addKeyValue("request", exchange.requestId())
                    .addKeyValue("method", RequestFacts.method(exchange))
                    .addKeyValue("path", RequestFacts.path(exchange))
                    .setCause(failure)
                    .log("a request failed");
            exchange.empty(failure.code().status());
            return;
        }
        failure.retryAfter()
                .or(() -> failure.code() == ErrorCode.NO_CAPACITY ? Optional.of(SOON) : Optional.empty())
                .ifPresent(time -> exchange.set("Retry-After", String.valueOf(time.toSeconds())));
        send(exchange, status(failure.code()), body(exchange, failure));
    }

    static ObjectNode body(Exchange exchange, Failure failure) {
        ObjectNode body = Exchange.JSON.createObjectNode().put("message", failure.getMessage());
        failure.hint().ifPresent(hint -> body.put("hint", hint));
        return body.put("request_id", exchange.requestId());
    }

    static void send(Exchange exchange, int status, Object body) throws IOException {
        exchange.bytes(status, "application/json; charset=utf-8", Exchange.JSON.writeValueAsBytes(body));
    }

    /** What a job asks for and does not find is wrong in the request; 404 says that the route is not there. */
    private static int status(ErrorCode code) {
        return code == ErrorCode.NOT_FOUND ? ErrorCode.INVALID_REQUEST.status() : code.status();
    }
}
