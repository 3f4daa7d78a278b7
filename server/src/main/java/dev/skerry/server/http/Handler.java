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

    /**
     * Asked first, by a thread that listens for everybody and so must never wait: answers without a thread of its own,
     * where that can be done. Must not throw.
     *
     * @return whether it has taken the request, which it ends by {@code turn}, now or later; otherwise nothing has been
     *     done, and {@link #handle} is called
     */
    default boolean begin(Exchange exchange, Turn turn) {
        return false;
    }
}
