package dev.skerry.bench.jobs;

import dev.skerry.bench.serving.Connection;
import dev.skerry.bench.serving.ServerUnderTest;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Waits until a server's pools have what they shall, so that filling them is at nobody's cost who is timed. */
public final class ReadyPools {
    /** On a machine that others use, pools may wait for a processor for ever. */
    private static final Duration BOUND = Duration.ofSeconds(20);

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ReadyPools() {}

    /**
     * Until nothing is being made for any pool, and each has what it shall have at least.
     *
     * @return false: after 20 s that was not so
     */
    public static boolean await(ServerUnderTest server) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        try (Connection connection = new Connection(server.origin())) {
            while (true) {
                byte[] said = connection
                        .send("GET", "/skerry/v1/pools", Map.of("X-API-Key", server.key()), new byte[0])
                        .content(200);
                if (allReady(JSON.readTree(said))) {
                    return true;
                }
                if (System.nanoTime() > end) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    private static boolean allReady(JsonNode pools) {
        for (JsonNode pool : pools) {
            boolean more = pool.path("backoff").asString("").contains("processor");
            if (more
                    || pool.path("starting").asInt() > 0
                    || pool.path("ready").asInt() < pool.path("floor").asInt()) {
                return false;
            }
        }
        return true;
    }
}
