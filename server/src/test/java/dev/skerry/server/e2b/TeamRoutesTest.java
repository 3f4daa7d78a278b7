package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class TeamRoutesTest {
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
    void aKeyIsShownOnceAndWorksUntilItIsDeleted() throws Exception {
        server.clock.pass(Duration.ofSeconds(1)); // keys are listed by age
        Answer made = server.send("POST", "/api-keys", "{\"name\":\"ci\"}").is(201);
        String text = made.text("key");
        server.send("GET", "/teams", "", "X-API-Key", text).is(200);
        Answer list = server.get("/api-keys").is(200);
        assertThat(list.body().size()).isEqualTo(2);
        assertThat(list.response().body()).doesNotContain(text).doesNotContain(server.key);
        JsonNode mask = list.body().get(1).get("mask");
        assertThat(text)
                .startsWith(mask.get("prefix").stringValue()
                        + mask.get("maskedValuePrefix").stringValue())
                .endsWith(mask.get("maskedValueSuffix").stringValue());
        String path = "/api-keys/" + made.text("id");
        server.send("PATCH", path, "{\"name\":\"renamed\"}").is(200);
        assertThat(server.get("/api-keys").response().body()).contains("renamed");
        server.send("DELETE", path, "").is(204);
        server.send("GET", "/teams", "", "X-API-Key", text).is(401);
        server.send("DELETE", path, "").is(404);
    }

    @Test
    void nobodyTouchesTheKeysOfAnotherTenant() throws Exception {
        String id = server.get("/api-keys").body().get(0).get("id").stringValue();
        String path = "/api-keys/" + id;
        server.send("DELETE", path, "", "X-API-Key", server.otherKey).fails(404, "there is no API key '" + id + "'");
        server.send("PATCH", path, "{\"name\":\"x\"}", "X-API-Key", server.otherKey)
                .is(404);
        Answer list = server.send("GET", "/api-keys", "", "X-API-Key", server.otherKey);
        assertThat(list.response().body()).doesNotContain(id);
        server.get("/teams").is(200);
    }

    @Test
    void theTenantAndTheHostAreDescribed() throws Exception {
        server.create("{}");
        assertThat(server.get("/skerry/v1/tenants").is(200).response().body())
                .contains("\"id\":\"default\"", "\"running\":1", "\"keys\":1");
        assertThat(server.get("/skerry/v1/host").is(200).response().body())
                .contains("\"host\":\"local\"", "\"levels\":[\"container\"]");
    }
}
