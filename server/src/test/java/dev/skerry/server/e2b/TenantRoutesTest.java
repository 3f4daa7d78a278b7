package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TenantRoutesTest {
    private static final String TENANTS = "/skerry/v1/tenants";

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void theTenantAndTheHostAreDescribed() throws Exception {
        server.create("{}");
        String own = server.send("GET", TENANTS, "", "X-API-Key", server.key(KeyScope.READ))
                .is(200)
                .response()
                .body();
        assertThat(own)
                .contains("\"id\":\"default\"", "\"running\":1", "\"keys\":2", "\"sandboxes\":{\"limit\":null")
                .doesNotContain("other");
        assertThat(server.get("/skerry/v1/host").is(200).response().body())
                .contains("\"host\":\"local\"", "\"levels\":[\"container\"]");
    }

    @Test
    void theOperatorSeesAllAndOthersTheirOwn() throws Exception {
        assertThat(server.get(TENANTS).is(200).body().size()).isEqualTo(2);
        Answer others = server.send("GET", TENANTS, "", "X-API-Key", server.otherKey);
        assertThat(others.body().size()).isEqualTo(1);
        assertThat(others.body().get(0).get("name").stringValue()).isEqualTo("the other one");
        server.send("GET", TENANTS + "/other", "", "X-API-Key", server.otherKey).is(200);
        for (String id : new String[] {"default", "nobody", "No%20Name"}) {
            server.send("GET", TENANTS + "/" + id, "", "X-API-Key", server.otherKey)
                    .fails(404, "there is no tenant '" + id.replace("%20", " ") + "'");
        }
        server.get(TENANTS + "/No%20Name").is(404);
    }

    @Test
    void aTenantIsMadeChangedAndDeleted() throws Exception {
        Answer made = server.send(
                        "POST", TENANTS, "{\"id\":\"acme\",\"quotas\":{\"sandboxes\":3,\"memoryBytes\":1024}}")
                .is(201);
        assertThat(made.text("name")).isEqualTo("acme");
        assertThat(server.tenants.quota(new TenantId("acme")).limit(Resource.SANDBOXES))
                .hasValue(3);
        server.send("POST", TENANTS, "{\"id\":\"acme\"}").is(409);
        String path = TENANTS + "/acme";
        JsonNode quotas = server.send(
                        "PATCH", path, "{\"name\":\"Acme Inc.\",\"quotas\":{\"sandboxes\":5,\"memoryBytes\":null}}")
                .is(200)
                .body()
                .get("quotas");
        assertThat(quotas.get("sandboxes").toString()).contains("\"limit\":5", "\"own\":true");
        assertThat(quotas.get("memoryBytes").toString()).contains("\"limit\":null", "\"own\":false");
        // This server knows it at once.
        assertThat(server.tenants.quota(new TenantId("acme")).limit(Resource.SANDBOXES))
                .hasValue(5);
        String key = server.send("POST", path + "/keys", "{\"name\":\"theirs\"}")
                .is(201)
                .text("key");
        String box = server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", key)
                .is(201)
                .text("sandboxID");
        server.send("DELETE", path, "").is(409);
        server.send("DELETE", "/sandboxes/" + box, "", "X-API-Key", key).is(204);
        server.send("DELETE", path, "").is(204);
        server.send("GET", "/teams", "", "X-API-Key", key).is(401);
        server.get(path).is(404);
        server.send("DELETE", path, "").is(404);
        // Whoever came after would see its history.
        server.send("POST", TENANTS, "{\"id\":\"acme\"}").fails(409, "there is a tenant 'acme', or there was one");
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        server.send("POST", TENANTS, "{}").fails(400, "'id' is missing");
        server.send("POST", TENANTS, "{\"id\":\"Not Good\"}").fails(400, "'Not Good' is not the name of a tenant");
        server.send("POST", TENANTS, "{\"id\":\"a\",\"quotas\":{\"beds\":3}}").fails(400, "there is no quota 'beds'");
        server.send("POST", TENANTS, "{\"id\":\"a\",\"quotas\":{\"sandboxes\":\"3\"}}")
                .fails(400, "'quotas.sandboxes' must be a whole number");
        server.send("POST", TENANTS, "{\"id\":\"a\",\"quotas\":{\"sandboxes\":-2}}")
                .fails(400, "a quota of -2 for 'sandboxes' is none");
        server.send("DELETE", TENANTS + "/default", "").fails(400, "the tenant 'default' is always there");
    }

    @Test
    void metricsShowWhatEachTenantHasAndForgetWhoHasNothing() throws Exception {
        Map<TenantId, Map<Resource, Long>> use = new HashMap<>();
        use.put(E2bServer.OTHER, Map.of(Resource.SANDBOXES, 3L, Resource.MEMORY_BYTES, 2048L));
        server.metrics.tenants(() -> use);
        assertThat(server.get("/metrics").response().body())
                .contains("skerry_tenant_sandboxes_running{tenant=\"other\"} 3.0")
                .contains("skerry_tenant_memory_bytes{tenant=\"other\"} 2048.0");
        use.clear();
        for (int i = 0; i < 300; i++) {
            use.put(new TenantId("t" + i), Map.of(Resource.SANDBOXES, (long) i));
        }
        assertThat(server.get("/metrics").response().body())
                .doesNotContain("tenant=\"other\"")
                .contains("tenant=\"t299\"")
                .doesNotContain("tenant=\"t99\"");
    }
}
