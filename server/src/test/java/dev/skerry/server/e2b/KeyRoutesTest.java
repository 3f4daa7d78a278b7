package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class KeyRoutesTest {
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
    void aKeyOpensWhatItsScopeSays() throws Exception {
        String id = server.create("{}");
        String box = "/sandboxes/" + id;
        String read = server.key(KeyScope.READ);
        server.send("GET", "/v2/sandboxes", "", "X-API-Key", read).is(200);
        Answer refused = server.send("DELETE", box, "", "X-API-Key", read)
                .fails(403, "this needs an API key of scope 'sandboxes'; that of the request has the scope 'read'");
        assertThat(refused.text("hint")).contains("keys create --scope sandboxes");
        server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", read).is(403);
        String use = server.key(KeyScope.SANDBOXES);
        server.send("POST", box + "/timeout", "{\"timeout\":60}", "X-API-Key", use)
                .is(204);
        server.send("GET", "/api-keys", "", "X-API-Key", use).is(403);
        String tenant = server.key(KeyScope.TENANT);
        server.send("GET", "/api-keys", "", "X-API-Key", tenant).is(200);
        server.send("GET", "/metrics", "", "X-API-Key", tenant).is(403);
        server.send("POST", "/skerry/v1/tenants", "{\"id\":\"x\"}", "X-API-Key", tenant)
                .is(403);
        server.get("/metrics").is(200);
    }

    /** With the token one can do everything in a sandbox. */
    @Test
    void whoMayOnlyReadIsNotShownTheTokenOfASandbox() throws Exception {
        String box = "/sandboxes/" + server.create("{}");
        assertThat(server.get(box).body().has("envdAccessToken")).isTrue();
        Answer read = server.send("GET", box, "", "X-API-Key", server.key(KeyScope.READ))
                .is(200);
        assertThat(read.response().body()).doesNotContain("Token");
    }

    @Test
    void nobodyMakesOrTouchesAKeyThatOpensMoreThanTheOwn() throws Exception {
        String admin = server.get("/api-keys").body().get(0).get("id").stringValue();
        String tenant = server.key(KeyScope.TENANT);
        server.send("POST", "/api-keys", "{\"name\":\"x\",\"scope\":\"admin\"}", "X-API-Key", tenant)
                .fails(403, "a key of scope 'tenant' makes none of scope 'admin'");
        assertThat(server.send("POST", "/api-keys", "{\"name\":\"x\"}", "X-API-Key", tenant)
                        .is(201)
                        .text("scope"))
                .isEqualTo("tenant");
        for (String method : List.of("DELETE", "PATCH")) {
            server.send(method, "/api-keys/" + admin, "{\"name\":\"x\"}", "X-API-Key", tenant)
                    .fails(403, "the key '" + admin + "' has the scope 'admin'");
        }
        server.send("POST", "/api-keys", "{\"name\":\"x\",\"scope\":\"root\"}").fails(400, "there is no scope 'root'");
    }

    @Test
    void aKeyThatHasExpiredOpensNothingAndSaysWhy() throws Exception {
        Answer made = server.send("POST", "/api-keys", "{\"name\":\"ci\",\"expiresIn\":60,\"scope\":\"read\"}")
                .is(201);
        String text = made.text("key");
        String end = server.clock.instant().plusSeconds(60).toString();
        assertThat(made.text("expiresAt")).isEqualTo(end);
        server.clock.pass(Duration.ofSeconds(59));
        server.send("GET", "/teams", "", "X-API-Key", text).is(200);
        // Also while it is remembered.
        server.clock.pass(Duration.ofSeconds(1));
        server.send("GET", "/teams", "", "X-API-Key", text)
                .fails(401, "the API key is not valid: it expired at " + end);
        server.send("POST", "/api-keys", "{\"name\":\"x\",\"expiresIn\":0}").is(400);
    }

    @Test
    void theOperatorHasTheKeysOfEveryTenant() throws Exception {
        String keys = "/skerry/v1/tenants/other/keys";
        Answer made = server.send("POST", keys, "{\"name\":\"theirs\"}").is(201);
        server.send("GET", "/teams", "", "X-API-Key", made.text("key")).is(200);
        assertThat(server.get(keys).is(200).body().size()).isEqualTo(2);
        server.send("DELETE", keys + "/" + made.text("id"), "").is(204);
        server.send("GET", "/teams", "", "X-API-Key", made.text("key")).is(401);
        server.get("/skerry/v1/tenants/nobody/keys").fails(404, "there is no tenant 'nobody'");
        server.send("GET", keys, "", "X-API-Key", server.key(KeyScope.TENANT)).fails(404, "there is no tenant 'other'");
    }
}
