package dev.skerry.server.webhooks;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Tells one end of something to one URL that was named for it: signed, checked and retried as deliveries of webhooks
 * are, and with the same bounds. Thread-safe.
 */
public final class Callbacks {
    private final Courier courier;
    private final Destinations destinations;

    Callbacks(Courier courier, Destinations destinations) {
        this.courier = courier;
        this.destinations = destinations;
    }

    /**
     * Says whether it may be told there.
     *
     * @throws Failure {@code INVALID_REQUEST}, {@code DENIED}, {@code HOST_UNREACHABLE}
     */
    public void check(String url, String secret) {
        destinations.resolve(Destinations.parse(url));
        if (secret.length() < Webhooks.SECRET_LENGTH_MIN || secret.length() > Webhooks.SECRET_LENGTH_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "a callback's secret has " + Webhooks.SECRET_LENGTH_MIN + " to " + Webhooks.SECRET_LENGTH_MAX
                            + " characters");
        }
    }

    /**
     * Tells it.
     *
     * @param id of what is told, the same at each attempt
     * @return why it did not arrive; empty: it did
     */
    public String tell(String id, String url, String secret, String json) throws InterruptedException {
        try {
            return courier.send(id, Destinations.parse(url), secret, json.getBytes(StandardCharsets.UTF_8))
                    .error();
        } catch (Failure e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * When it is tried again.
     *
     * @param failures 1 or more
     * @param since when it was first to be told; empty: it is given up
     */
    public Optional<Instant> again(int failures, Instant since, Instant now) {
        Duration pause = Retry.STANDARD.pause(failures, RandomGenerator.getDefault());
        return now.isBefore(since.plus(Retry.STANDARD.giveUp())) ? Optional.of(now.plus(pause)) : Optional.empty();
    }
}
