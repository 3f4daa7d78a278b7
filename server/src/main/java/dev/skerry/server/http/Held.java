package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one request keeps in memory as a whole, counted against what all of them may keep together: each is bounded, but
 * many at a time would still be more than the machine has. Small ones are not counted. For one thread.
 */
final class Held {
    /** What everybody may have without being counted. */
    static final int FREE_BYTES = 64 << 10;

    private final AtomicLong all;
    private final long most;
    private long own;

    /** @param all what is held by every request, this one's included */
    Held(AtomicLong all, long most) {
        this.all = all;
        this.most = most;
    }

    /** From now on at least that much. */
    void raise(long bytes) {
        if (bytes <= Math.max(own, FREE_BYTES)) {
            return;
        }
        long more = bytes - own;
        if (all.addAndGet(more) > most) {
            all.addAndGet(-more);
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the server deals with as many large requests as it has memory for",
                    "try again in a moment");
        }
        own = bytes;
    }

    void release() {
        all.addAndGet(-own);
        own = 0;
    }
}
