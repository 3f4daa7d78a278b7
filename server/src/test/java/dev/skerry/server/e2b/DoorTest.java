package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Traffic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** How often somebody may ask, and what is written down of it. */
class DoorTest {
    private static final String WRONG = "e2b_" + "0".repeat(40);

    @TempDir
    private Path folder;

    @Test
    void everyKeyHasARateOfItsOwnForEachKindOfRequest() throws Exception {
        try (E2bServer server = new E2bServer(folder, Map.of(Traffic.CREATE, 1L, Traffic.READ, 2L))) {
            for (int i = 0; i < 5; i++) {
                server.create("{}");
            }
            Answer refused = server.send("POST", "/v2/sandboxes", "{}").fails(429, "more than 1 creates in a second");
            assertThat(refused.header("Retry-After")).contains("1");
            server.send("POST", "/sandboxes", "{\"templateID\":\"base\"}").is(429);
            server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", server.otherKey)
                    .is(201);
            server.get("/v2/sandboxes").is(200);
            server.clock.pass(Duration.ofSeconds(1));
            server.create("{}");
        }
    }

    @Test
    void whoGuessesKeysIsHeldBackAndWhoHasOneIsNot() throws Exception {
        try (E2bServer server = new E2bServer(folder, Map.of(Traffic.UNKNOWN, 1L))) {
            server.get("/teams").is(200);
            for (int i = 0; i < 5; i++) {
                server.send("GET", "/teams", "", "X-API-Key", WRONG).is(401);
            }
            Answer refused = server.send("GET", "/teams", "", "X-API-Key", WRONG)
                    .fails(429, "more than 1 requests without a valid key in a second");
            assertThat(refused.header("Retry-After")).contains("1");
            server.send("GET", "/openapi.json", "", new String[0]).is(429);
            // From the same address, with a key that was good before.
            server.get("/teams").is(200);
            server.clock.pass(Duration.ofSeconds(10));
            server.get("/teams").is(200);
            server.send("GET", "/teams", "", "X-API-Key", WRONG).is(401);
        }
    }

    private static List<JsonNode> written(E2bServer server, int count, String key) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            JsonNode found = server.send("GET", "/skerry/v1/audit", "", "X-API-Key", key)
                    .is(200)
                    .body();
            if (found.size() >= count) {
                return found.valueStream().toList();
            }
            assertThat(System.nanoTime()).as("written: %s", found).isLessThan(end);
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Test
    void everyChangeIsWrittenDownWithWhoWhatWhereAndHowItEnded() throws Exception {
        try (E2bServer server = new E2bServer(folder)) {
            Answer made = server.send("POST", "/v2/sandboxes", "{\"envVars\":{\"SECRET\":\"canary\"}}");
            String id = made.text("sandboxID");
            server.get("/sandboxes/" + id).is(200);
            server.send("DELETE", "/sandboxes/" + id, "", "X-API-Key", server.key(KeyScope.READ))
                    .is(403);
            server.send("DELETE", "/sandboxes/" + server.key, "").is(404);
            server.send("DELETE", "/sandboxes/" + id, "", "X-API-Key", WRONG).is(401);
            server.send("DELETE", "/sandboxes/" + id, "", "X-API-Key", server.otherKey)
                    .is(404);
            List<JsonNode> all = written(server, 4, server.key);
            assertThat(all)
                    .extracting(entry -> entry.get("tenant").stringValue() + " "
                            + entry.get("operation").stringValue() + " " + entry.get("status") + " "
                            + entry.get("code").stringValue())
                    .containsExactly(
                            "other DELETE /sandboxes/{sandboxID} 404 NOT_FOUND",
                            "default DELETE /sandboxes/{sandboxID} 404 NOT_FOUND",
                            "default DELETE /sandboxes/{sandboxID} 403 DENIED",
                            "default POST /v2/sandboxes 201 ");
            JsonNode create = all.getLast();
            assertThat(create.get("subject").stringValue()).isEqualTo(id);
            assertThat(create.get("keyName").stringValue()).isEqualTo("first");
            assertThat(create.get("address").stringValue()).isEqualTo("127.0.0.1");
            assertThat(create.get("requestID").stringValue())
                    .isEqualTo(made.header("X-Request-ID").orElseThrow());
            assertThat(all.toString()).doesNotContain("canary").doesNotContain(server.key);
        }
    }

    @Test
    void aTenantReadsWhatWasDoneWithItsOwnKeys() throws Exception {
        try (E2bServer server = new E2bServer(folder)) {
            server.create("{}");
            server.send("POST", "/api-keys", "{\"name\":\"x\"}", "X-API-Key", server.otherKey)
                    .is(201);
            assertThat(written(server, 2, server.key)).hasSize(2);
            assertThat(written(server, 1, server.otherKey)).singleElement().satisfies(entry -> assertThat(
                            entry.get("operation").stringValue())
                    .isEqualTo("POST /api-keys"));
            String path = "/skerry/v1/audit?tenant=";
            for (String tenant : List.of("default", "nobody")) {
                server.send("GET", path + tenant, "", "X-API-Key", server.otherKey)
                        .fails(403, "a key of scope 'tenant' sees its own tenant only");
            }
            assertThat(server.get(path + "other").is(200).body().size()).isEqualTo(1);
        }
    }
}
