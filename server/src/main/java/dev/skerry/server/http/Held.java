package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/**
 * What one request keeps in memory as a whole, counted against what all of them may keep together, and against the
 * share of its owner: each is bounded, but many at a time would still be more than the machine has. Small ones are not
 * counted. For one thread.
 */
final class Held {
    /** What everybody may have without being counted. */
    static final int FREE_BYTES = 64 << 10;

    private final Room room;
    private String owner;
    private long own;

    /** @param owner until it is known better: the client's address */
    Held(Room room, String owner) {
        this.room = room;
        this.owner = owner;
    }

    /** Whose it is, now that it is known. */
    void owner(String known) {
        room.move(owner, known, own);
        owner = known;
    }

    /** From now on at least that much. */
    void raise(long bytes) {
        if (bytes <= Math.max(own, FREE_BYTES)) {
            return;
        }
        if (!room.take(owner, bytes - own)) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the server deals with as many large requests of yours as it has memory for",
                    "try again in a moment");
        }
        own = bytes;
    }

    void release() {
        room.give(owner, own);
        own = 0;
    }
}
