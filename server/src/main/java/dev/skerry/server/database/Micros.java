package dev.skerry.server.database;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Microseconds since 1970: what is kept of a point in time. */
public final class Micros {
    private Micros() {}

    /** Rounded down. */
    public static long of(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    public static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
