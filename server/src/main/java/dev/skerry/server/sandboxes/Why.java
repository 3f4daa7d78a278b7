package dev.skerry.server.sandboxes;

/** Why something happened, and on whose behalf. */
public record Why(Cause cause, Origin origin) {
    public static final Why UNKNOWN = new Why(Cause.UNKNOWN, Origin.NONE);

    static Why of(Cause cause) {
        return new Why(cause, Origin.NONE);
    }

    Why by(Origin other) {
        return new Why(cause, other);
    }
}
