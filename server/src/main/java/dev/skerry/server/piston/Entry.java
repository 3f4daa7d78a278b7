package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Route;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Traffic;
import java.io.IOException;
import java.util.Optional;

/**
 * What is answered at one method and path, and to whom.
 *
 * @param operation as it is documented
 * @param traffic as what it is counted
 */
record Entry(Operation operation, Traffic traffic, Answer answer) {
    private static final String ERRORS = "PistonError";

    /** Answers a request of somebody who is known. */
    @FunctionalInterface
    interface Answer {
        void give(Exchange exchange, Caller caller) throws IOException, InterruptedException;
    }

    static Entry of(KeyScope least, Traffic traffic, Route route, Answer answer) {
        return new Entry(Operation.of(route, Optional.of(least)).fails(ERRORS), traffic, answer);
    }

    Entry takes(String shape) {
        return new Entry(operation.takes(shape), traffic, answer);
    }

    Entry answers(int status, String shape) {
        return new Entry(operation.answers(status, shape), traffic, answer);
    }

    String method() {
        return operation.route().method();
    }

    String path() {
        return operation.route().template();
    }

    KeyScope scope() {
        return operation.scope().orElseThrow();
    }
}
