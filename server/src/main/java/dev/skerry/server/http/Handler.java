package dev.skerry.server.http;

import dev.skerry.wire.Failure;
import java.io.IOException;

/** Answers a request. */
@FunctionalInterface
public interface Handler {
    /**
     * @throws Failure what the door's error handler turns into an answer
     * @throws IOException the client went away
     */
    void handle(Exchange exchange) throws IOException, InterruptedException;
}
