package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxRoutesTest {
    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Instant endsIn(long seconds) {
        return server.clock.instant().plusSeconds(seconds);
    }

    private Instant endAt(String id) throws Exception {
        return Instant.parse(server.get("/sandboxes/" + id).is(200).text("endAt"));
    }

    @Test
    void theNewerCreateIsAlwaysSecureAndLastsFiveMinutes() throws Exception {
        Answer answer = server.send("POST", "/v2/sandboxes", "{}").is(201);
        var id = new SandboxId(answer.text("sandboxID"));
        assertThat(answer.text("envdAccessToken")).isEqualTo(server.tokens.token(Purpose.ENVD, id));
        assertThat(answer.body().get("trafficAccessToken").isNull()).isTrue();
        assertThat(answer.text("domain")).isEqualTo("sbx.localhost:8443");
        assertThat(answer.text("envdVersion")).isEqualTo("0.6.13");
        assertThat(answer.text("templateID")).isEqualTo("base");
        assertThat(answer.text("alias")).isEqualTo("base");
        assertThat(endAt(id.text())).isEqualTo(endsIn(300));
    }

    @Test
    void theOlderCreateIsSecureWhenAskedAndLastsFifteenSeconds() throws Exception {
        Answer open =
                server.send("POST", "/sandboxes", "{\"templateID\":\"base\"}").is(201);
        assertThat(open.body().has("envdAccessToken")).isFalse();
        assertThat(endAt(open.text("sandboxID"))).isEqualTo(endsIn(15));
        Answer secure = server.send(
                        "POST",
                        "/sandboxes",
                        "{\"templateID\":\"base\",\"secure\":true,\"timeout\":300," + "\"allow_internet_access\":true}")
                .is(201);
        assertThat(secure.text("envdAccessToken")).hasSize(64);
    }

    @Test
    void trafficThatIsNotPublicHasAToken() throws Exception {
        Answer answer = server.send("POST", "/v2/sandboxes", "{\"network\":{\"allowPublicTraffic\":false}}")
                .is(201);
        var id = new SandboxId(answer.text("sandboxID"));
        assertThat(answer.text("trafficAccessToken")).isEqualTo(server.tokens.token(Purpose.TRAFFIC, id));
        assertThat(server.get("/sandboxes/" + id).body().get("network").toString())
                .isEqualTo("{\"allowPublicTraffic\":false}");
    }

    @Test
    void theDetailSaysEverythingThatWasAsked() throws Exception {
        String id = server.create("{\"templateID\":\"code-interpreter-v1\",\"metadata\":{\"a b\":\"ü&\"},"
                + "\"autoPause\":true,\"autoResume\":{\"enabled\":true}}");
        Answer detail = server.get("/sandboxes/" + id).is(200);
        assertThat(detail.text("state")).isEqualTo("running");
        assertThat(detail.text("alias")).isEqualTo("code-interpreter-v1");
        assertThat(detail.text("templateID")).isEqualTo("base");
        assertThat(detail.body().get("metadata").get("a b").stringValue()).isEqualTo("ü&");
        assertThat(detail.body().get("lifecycle").toString())
                .isEqualTo("{\"autoResume\":true,\"onTimeout\":\"pause\"}");
        assertThat(detail.body().get("allowInternetAccess").booleanValue()).isFalse();
        assertThat(detail.body().get("cpuCount").intValue()).isEqualTo(2);
        assertThat(detail.body().get("memoryMB").intValue()).isEqualTo(1024);
        assertThat(detail.body().get("diskSizeMB").intValue()).isEqualTo(2048);
        assertThat(detail.body().get("skerry").get("isolation").stringValue()).isEqualTo("container");
        assertThat(detail.text("startedAt")).isEqualTo(server.clock.instant().toString());
    }

    @Test
    void aSandboxIsPausedOnceAndConnectedAgain() throws Exception {
        String id = server.create("{\"timeout\":600}");
        server.clock.pass(Duration.ofMinutes(1));
        Instant pausedAt = server.clock.instant();
        server.send("POST", "/sandboxes/" + id + "/pause", "{}").is(204);
        server.send("POST", "/sandboxes/" + id + "/pause", "{\"memory\":true}")
                .fails(409, "Error pausing sandbox - sandbox '" + id + "' is already paused");
        assertThat(server.get("/sandboxes/" + id).text("state")).isEqualTo("paused");
        assertThat(endAt(id)).isEqualTo(pausedAt);
        Answer again =
                server.send("POST", "/v2/sandboxes/" + id + "/connect", "").is(201);
        assertThat(again.text("sandboxID")).isEqualTo(id);
        assertThat(endAt(id)).isEqualTo(endsIn(300));
    }

    @Test
    void aPauseWithoutABodyKeepsTheMemory() throws Exception {
        String id = server.create("{}");
        server.send("POST", "/sandboxes/" + id + "/pause", "").is(204);
        assertThat(server.get("/skerry/v1/sandboxes/" + id + "/events")
                        .response()
                        .body())
                .contains("MEMORY");
    }

    @Test
    void connectToARunningOneNeverShortensIt() throws Exception {
        String id = server.create("{\"timeout\":600}");
        server.send("POST", "/sandboxes/" + id + "/connect", "{\"timeout\":60}").is(200);
        assertThat(endAt(id)).isEqualTo(endsIn(600));
        server.send("POST", "/v2/sandboxes/" + id + "/connect", "{\"timeout\":900}")
                .is(200);
        assertThat(endAt(id)).isEqualTo(endsIn(900));
    }

    @Test
    void resumeIsForPausedOnes() throws Exception {
        String id = server.create("{}");
        server.send("POST", "/sandboxes/" + id + "/resume", "{\"timeout\":60}")
                .fails(409, "sandbox '" + id + "' is already running");
        server.send("POST", "/sandboxes/" + id + "/pause", "{\"memory\":false}").is(204);
        server.send("POST", "/sandboxes/" + id + "/resume", "").is(201);
        assertThat(endAt(id)).isEqualTo(endsIn(15));
    }

    @Test
    void aTimeoutGoesBothWaysAndARefreshOnlyForward() throws Exception {
        String id = server.create("{\"timeout\":600}");
        server.send("POST", "/sandboxes/" + id + "/timeout", "{\"timeout\":60}").is(204);
        assertThat(endAt(id)).isEqualTo(endsIn(60));
        server.send("POST", "/sandboxes/" + id + "/refreshes", "{\"duration\":20}")
                .is(204);
        assertThat(endAt(id)).isEqualTo(endsIn(60));
        server.send("POST", "/sandboxes/" + id + "/refreshes", "{\"duration\":120}")
                .is(204);
        assertThat(endAt(id)).isEqualTo(endsIn(120));
    }

    @Test
    void aTimeoutOfNothingEndsIt() throws Exception {
        for (int timeout : new int[] {0, -1}) {
            String id = server.create("{}");
            server.send("POST", "/sandboxes/" + id + "/timeout", "{\"timeout\":" + timeout + "}")
                    .is(204);
            server.get("/sandboxes/" + id).is(404);
        }
    }

    @Test
    void aKilledOneIsNotFoundAnyMore() throws Exception {
        String id = server.create("{}");
        String message = "Sandbox \"" + id + "\" doesn't exist or you don't have access to it";
        server.send("DELETE", "/sandboxes/" + id, "").is(204);
        server.send("DELETE", "/sandboxes/" + id, "").fails(404, message);
        server.get("/sandboxes/" + id).fails(404, message);
        server.send("POST", "/sandboxes/" + id + "/timeout", "{\"timeout\":60}").fails(404, message);
        server.get("/sandboxes/not-an-id")
                .fails(404, "Sandbox \"not-an-id\" doesn't exist or you don't have access to it");
    }

    @Test
    void aSandboxThatGoesAwayMeanwhileIsNotFound() throws Exception {
        String id = server.create("{}");
        server.sandboxes.fail(new Failure(ErrorCode.SANDBOX_GONE, "it ended"));
        server.send("POST", "/sandboxes/" + id + "/pause", "{}")
                .fails(404, "Sandbox \"" + id + "\" doesn't exist or you don't have access to it");
    }

    @Test
    void errorsOfAStartHaveTheStatusAndTheCodeThatClientsKnow() throws Exception {
        Map<ErrorCode, Integer> statuses = Map.of(
                ErrorCode.NO_CAPACITY, 503,
                ErrorCode.DEADLINE_EXCEEDED, 504,
                ErrorCode.LIMIT_EXCEEDED, 429,
                ErrorCode.UNSUPPORTED, 503,
                ErrorCode.CONFLICT, 409,
                ErrorCode.INTERNAL, 500);
        Map<ErrorCode, String> codes = Map.of(
                ErrorCode.NO_CAPACITY, "sandbox_capacity_unavailable",
                ErrorCode.DEADLINE_EXCEEDED, "sandbox_placement_timeout",
                ErrorCode.UNSUPPORTED, "sandbox_no_compatible_node");
        for (var entry : statuses.entrySet()) {
            server.sandboxes.fail(new Failure(entry.getKey(), "no", "wait"));
            Answer answer = server.send("POST", "/v2/sandboxes", "{}").fails(entry.getValue(), "no");
            assertThat(answer.text("hint")).isEqualTo("wait");
            assertThat(answer.text("request_id"))
                    .isEqualTo(answer.header("X-Request-ID").orElseThrow())
                    .isEqualTo(answer.header("X-E2B-Trace-ID").orElseThrow());
            assertThat(answer.body().path("error_code").asString()).isEqualTo(codes.getOrDefault(entry.getKey(), ""));
        }
    }

    @Test
    void aSandboxThatEndsWhileItStartsWasNotPlaced() throws Exception {
        server.sandboxes.fail(new Failure(ErrorCode.SANDBOX_GONE, "it ran out of memory"));
        server.send("POST", "/v2/sandboxes", "{}").fails(503, "Failed to place sandbox: it ran out of memory");
    }

    @Test
    void anIdempotencyKeyReachesTheSandboxes() throws Exception {
        server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", server.key, "Idempotency-Key", "once-1")
                .is(201);
        assertThat(server.sandboxes.idempotencyKeys).containsExactly("once-1");
        server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", server.key, "Idempotency-Key", "a b")
                .fails(400, "the header Idempotency-Key must have 1 to 255 visible ASCII characters");
    }

    @Test
    void twoOfAnotherTimeAreNotTheSame() throws Exception {
        SandboxConfig minute = asked("{\"timeout\":60}");
        assertThat(asked("{\"timeout\":60}")).isEqualTo(minute);
        assertThat(asked("{\"timeout\":61}")).isNotEqualTo(minute);
        assertThat(asked("{}")).isEqualTo(asked("{\"timeout\":300}")).isNotEqualTo(minute);
    }

    private SandboxConfig asked(String body) throws Exception {
        SandboxId id = new SandboxId(server.create(body));
        return server.sandboxes.get(TenantId.DEFAULT, id).config();
    }

    @Test
    void aNetworkWithoutRulesIsAcceptedAndChangesNothing() throws Exception {
        String id = server.create("{}");
        for (String body : new String[] {
            "", "{}", "{\"allow_internet_access\":true}", "{\"allow_internet_access\":false}", "{\"denyOut\":[]}"
        }) {
            server.send("PUT", "/sandboxes/" + id + "/network", body).is(204);
        }
        server.send("PUT", "/sandboxes/" + id + "/network", "{\"allowOut\":[\"1.1.1.1\"]}")
                .fails(400, "'allowOut' is not supported by this server: sandboxes have loopback only");
    }

    @Test
    void whatIsNotThereYetSaysSo() throws Exception {
        String id = server.create("{}");
        server.send("POST", "/sandboxes/" + id + "/snapshots", "{}")
                .fails(501, "snapshots of sandboxes are not supported by this server yet");
        server.send("POST", "/sandboxes/" + id + "/fork", "{\"count\":2}")
                .fails(501, "forks of sandboxes are not supported by this server yet");
        server.send("POST", "/v3/templates", "{\"name\":\"x\"}")
                .fails(501, "builds of templates are not supported by this server yet");
        assertThat(server.get("/snapshots?limit=10").is(200).body().toString()).isEqualTo("[]");
    }
}
