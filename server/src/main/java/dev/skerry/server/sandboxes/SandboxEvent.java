package dev.skerry.server.sandboxes;

import dev.skerry.wire.SandboxId;
import java.time.Instant;

/**
 * Something that happened to a sandbox. There is exactly one {@code ENDED} for each.
 *
 * @param sequence rises over all sandboxes, with gaps
 * @param detail for a reader: why it ended, on which host it was started
 * @param term the number of the term in which a server wrote it; 0 if that is not known
 */
public record SandboxEvent(long sequence, SandboxId id, Instant at, Kind kind, String detail, Why why, long term) {
    /** What. */
    public enum Kind {
        CREATED,
        STARTED,
        PAUSED,
        /** It runs on. */
        PAUSE_FAILED,
        RESUMED,
        /** It stays paused. */
        RESUME_FAILED,
        RENEWED,
        ENDED
    }
}
