package dev.skerry.host.pools;

import java.util.OptionalLong;

/** A mean in which each new value has an eighth of the weight. Not thread-safe. */
final class Average {
    private static final double WEIGHT = 1.0 / 8;

    private boolean any;
    private double value;

    void add(long next) {
        value = any ? value + WEIGHT * (next - value) : next;
        any = true;
    }

    OptionalLong value() {
        return any ? OptionalLong.of(Math.round(value)) : OptionalLong.empty();
    }
}
