package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.operations.HealthCheck;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerRoutesTest {
    private static final HealthCheck WELL = new HealthCheck("database", true, () -> "answers");
    private static final HealthCheck FULL = new HealthCheck("disk", false, () -> {
        throw new Failure(ErrorCode.NO_SPACE, "/secret/place is full");
    });

    @TempDir
    private Path folder;

    private static Answer open(E2bServer server, String path) throws Exception {
        return server.send("GET", path, "", new String[0]);
    }

    @Test
    void healthIsToldToEverybody() throws Exception {
        try (var server = new E2bServer(folder, WELL)) {
            open(server, "/health").is(204);
            assertThat(open(server, "/health/live").is(200).text("status")).isEqualTo("live");
            assertThat(open(server, "/health/ready").is(200).text("status")).isEqualTo("ready");
            assertThat(open(server, "/health/deep").is(200).text("status")).isEqualTo("ok");
        }
    }

    @Test
    void theWordsOfAFailureAreForHoldersOfAKey() throws Exception {
        try (var server = new E2bServer(folder, WELL, FULL)) {
            Answer answer = open(server, "/health/deep").is(200);
            assertThat(answer.text("status")).isEqualTo("degraded");
            assertThat(answer.response().body()).contains("\"failed\"").doesNotContain("secret");
            assertThat(server.get("/health/deep").response().body()).contains("/secret/place is full");
            server.send("GET", "/health/deep", "", "X-API-Key", "wrong").is(401);
            open(server, "/health/ready").is(200);
        }
    }

    @Test
    void withoutSomethingThatItNeedsTheServerIsNotReady() throws Exception {
        HealthCheck broken = new HealthCheck("host", true, () -> {
            throw new IllegalStateException("no host");
        });
        try (var server = new E2bServer(folder, broken)) {
            assertThat(open(server, "/health/ready").is(503).text("status")).isEqualTo("failing");
            assertThat(open(server, "/health/deep").is(503).text("status")).isEqualTo("failing");
            open(server, "/health/live").is(200);
            open(server, "/health").is(204);
        }
    }

    @Test
    void aDrainingServerIsNotReady() throws Exception {
        try (var server = new E2bServer(folder, WELL)) {
            server.health.drain();
            assertThat(open(server, "/health/ready").is(503).text("status")).isEqualTo("draining");
            server.get("/teams").is(200);
        }
    }

    @Test
    void requestsAreCountedByTheirRouteAndNotByTheirPath() throws Exception {
        try (var server = new E2bServer(folder)) {
            String id = server.create("{}");
            server.get("/sandboxes/" + id).is(200);
            server.send("BREW", "/sandboxes/" + id, "", "X-API-Key", server.key).is(405);
            String text = server.get("/metrics").is(200).response().body();
            assertThat(text)
                    .contains("skerry_http_requests_seconds_count{method=\"GET\",route=\"/sandboxes/{sandboxID}\","
                            + "status=\"200\"} 1")
                    .contains("method=\"OTHER\",route=\"other\",status=\"405\"")
                    .contains("jvm_memory_used_bytes")
                    .contains("skerry_sandboxes_memory_bytes 0")
                    .doesNotContain(id);
        }
    }
}
