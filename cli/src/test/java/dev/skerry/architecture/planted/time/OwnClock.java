package dev.skerry.architecture.planted.time;

import java.time.Instant;

/** Planted: time that no test can set. */
final class OwnClock {
    Instant time() {
        return Instant.now();
    }
}
