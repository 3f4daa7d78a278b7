package dev.skerry.server.sandboxes;

import java.security.SecureRandom;
import java.util.Random;

/** So that a history can be repeated. */
final class SeededIds extends SecureRandom {
    private static final long serialVersionUID = 1L;

    private final Random source;

    SeededIds(long seed) {
        this.source = new Random(seed);
    }

    @Override
    public void nextBytes(byte[] bytes) {
        source.nextBytes(bytes);
    }
}
