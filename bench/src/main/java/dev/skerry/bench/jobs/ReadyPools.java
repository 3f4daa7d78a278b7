package dev.skerry.bench.jobs;

import dev.skerry.bench.serving.Connection;
import dev.skerry.bench.serving.ServerUnderTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Waits until a server's pools have what they shall, so that filling them is at nobody's cost who is timed. */
public final class ReadyPools {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ReadyPools() {}

    /** Until nothing is being made for any pool, and each has what it shall have at least. */
    public static void await(ServerUnderTest server) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        try (Connection connection = new Connection(server.origin())) {
            while (true) {
                byte[] said = connection
                        .send("GET", "/skerry/v1/pools", Map.of("X-API-Key", server.key()), new byte[0])
                        .content(200);
                if (allReady(JSON.readTree(said))) {
                    return;
                }
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("pools are not filled: " + new String(said, StandardCharsets.UTF_8));
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    private static boolean allReady(JsonNode pools) {
        for (JsonNode pool : pools) {
            boolean more = pool.path("backoff").asString("").contains("processor");
            boolean affordable = pool.path("idleBytes").asLong() > 0;
            if (affordable
                    && (more
                            || pool.path("starting").asInt() > 0
                            || pool.path("ready").asInt() < pool.path("floor").asInt())) {
                return false;
            }
        }
        return true;
    }
}
