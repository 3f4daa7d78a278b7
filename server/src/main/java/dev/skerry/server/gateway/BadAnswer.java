package dev.skerry.server.gateway;

import java.io.IOException;

/** The program inside did not answer as HTTP/1.1 wants it. */
final class BadAnswer extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean silent;

    private BadAnswer(String message, boolean silent) {
        super(message);
        this.silent = silent;
    }

    static BadAnswer broken(String message) {
        return new BadAnswer(message, false);
    }

    /** The connection ended before the first byte. */
    static BadAnswer none() {
        return new BadAnswer("it closed the connection without an answer", true);
    }

    /** Whether not one byte came. */
    boolean silent() {
        return silent;
    }
}
