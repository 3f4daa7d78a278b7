package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.time.Instant;

/**
 * Something that happened to a sandbox. There is exactly one {@code ENDED} for each.
 *
 * @param sequence rises over all sandboxes, with gaps
 * @param detail for a reader: why it ended, on which host it was started
 */
public record SandboxEvent(long sequence, SandboxId id, Instant at, Kind kind, String detail) {
    /** What. */
    public enum Kind {
        CREATED,
        STARTED,
        PAUSED,
        RESUMED,
        RENEWED,
        ENDED
    }
}
