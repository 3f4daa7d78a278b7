package dev.skerry.server.webhooks;

import dev.skerry.wire.Failure;
import java.time.Instant;
import java.util.Optional;

/** Tells one end of something to one URL that was named for it. Thread-safe. */
public interface Callbacks {
    /**
     * Says whether it may be told there.
     *
     * @throws Failure {@code INVALID_REQUEST}, {@code DENIED}, {@code HOST_UNREACHABLE}
     */
    void check(String url, String secret);

    /**
     * Tells it.
     *
     * @param id of what is told, the same at each attempt
     * @return why it did not arrive; empty: it did
     */
    String tell(String id, String url, String secret, String json) throws InterruptedException;

    /**
     * When it is tried again.
     *
     * @param failures 1 or more
     * @param since when it was first to be told; empty: it is given up
     */
    Optional<Instant> again(int failures, Instant since, Instant now);
}
