package dev.skerry.server.webhooks;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** By HTTP: signed, checked and retried as deliveries of webhooks are, with bounds of its own. Thread-safe. */
final class PostedCallbacks implements Callbacks {
    private final Courier courier;
    private final Destinations destinations;

    PostedCallbacks(Courier courier, Destinations destinations) {
        this.courier = courier;
        this.destinations = destinations;
    }

    @Override
    public void check(String url, String secret) {
        destinations.resolve(Destinations.parse(url));
        if (secret.length() < Webhooks.SECRET_LENGTH_MIN || secret.length() > Webhooks.SECRET_LENGTH_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "a callback's secret has " + Webhooks.SECRET_LENGTH_MIN + " to " + Webhooks.SECRET_LENGTH_MAX
                            + " characters");
        }
    }

    @Override
    public String tell(String id, String url, String secret, String json) throws InterruptedException {
        try {
            return courier.send(id, Destinations.parse(url), secret, json.getBytes(StandardCharsets.UTF_8))
                    .error();
        } catch (Failure e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Override
    public Optional<Instant> again(int failures, Instant since, Instant now) {
        Duration pause = Retry.STANDARD.pause(failures, RandomGenerator.getDefault());
        return now.isBefore(since.plus(Retry.STANDARD.giveUp())) ? Optional.of(now.plus(pause)) : Optional.empty();
    }
}
