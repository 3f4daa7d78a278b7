package dev.skerry.server.webhooks;

import dev.skerry.server.sandboxes.SandboxEvent;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a webhook may be told of, by the names of the E2B API. */
public enum EventType {
    CREATED,
    PAUSED,
    RESUMED,
    /** It has another end. */
    UPDATED,
    /** It ended, whatever the reason. */
    KILLED;

    private static final String PREFIX = "sandbox.lifecycle.";

    /** As in {@code sandbox.lifecycle.created}. */
    public String text() {
        return PREFIX + label();
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<EventType> parse(String text) {
        return Arrays.stream(values()).filter(type -> type.text().equals(text)).findFirst();
    }

    /** Empty for what nobody outside is told: that one which was created runs, or that nothing came of something. */
    static Optional<EventType> of(SandboxEvent.Kind kind) {
        return switch (kind) {
            case CREATED -> Optional.of(CREATED);
            case STARTED, PAUSE_FAILED, RESUME_FAILED -> Optional.empty();
            case PAUSED -> Optional.of(PAUSED);
            case RESUMED -> Optional.of(RESUMED);
            case RENEWED -> Optional.of(UPDATED);
            case ENDED -> Optional.of(KILLED);
        };
    }
}
