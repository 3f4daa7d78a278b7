package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.webhooks.Receiver;
import dev.skerry.server.webhooks.Webhooks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebhookRoutesTest {
    private E2bServer server;
    private Receiver receiver;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
        receiver = new Receiver();
    }

    @AfterEach
    void close() {
        receiver.close();
        server.close();
    }

    private String body(String more) {
        return "{\"name\":\"mine\",\"url\":\"" + receiver.url("/in") + "\"" + more + "}";
    }

    private String create() throws Exception {
        return server.send("POST", "/events/webhooks", body(",\"signatureSecret\":\"0123456789abcdef\""))
                .is(201)
                .text("id");
    }

    @Test
    void oneIsMadeChangedAndDeleted() throws Exception {
        Answer made = server.send(
                        "POST",
                        "/events/webhooks",
                        body(",\"enabled\":true,\"events\":[\"sandbox.lifecycle.killed\","
                                + "\"sandbox.lifecycle.created\"],\"signatureSecret\":\"0123456789abcdef\""))
                .is(201);
        assertThat(made.response().body()).doesNotContain("0123456789abcdef");
        String id = made.text("id");
        Answer got = server.get("/events/webhooks/" + id).is(200);
        assertThat(got.text("name")).isEqualTo("mine");
        assertThat(got.text("teamId")).isEqualTo("default");
        assertThat(got.body().get("events").toString())
                .isEqualTo("[\"sandbox.lifecycle.created\",\"sandbox.lifecycle.killed\"]");
        assertThat(got.body().get("skerry").get("state").stringValue()).isEqualTo("ok");
        Answer changed = server.send("PATCH", "/events/webhooks/" + id, "{\"enabled\":false,\"name\":\"other\"}")
                .is(200);
        assertThat(changed.text("name")).isEqualTo("other");
        assertThat(changed.text("url")).isEqualTo(receiver.url("/in"));
        Answer list = server.get("/events/webhooks").is(200);
        assertThat(list.body().size()).isEqualTo(1);
        assertThat(list.body().get(0).get("enabled").booleanValue()).isFalse();
        server.send("DELETE", "/events/webhooks/" + id, "").is(200);
        server.get("/events/webhooks/" + id).fails(404, "there is no such webhook");
    }

    @Test
    void aSecretIsMadeWhereNoneIsGivenAndShownOnce() throws Exception {
        Answer made = server.send("POST", "/events/webhooks", body("")).is(201);
        assertThat(made.text("signatureSecret")).hasSize(43);
        assertThat(server.get("/events/webhooks").body().get(0).has("signatureSecret"))
                .isFalse();
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        server.send("POST", "/events/webhooks", "{\"name\":\"x\"}").fails(400, "'url' is missing");
        server.send("POST", "/events/webhooks", "{\"url\":\"http://127.0.0.1/\"}")
                .fails(400, "'name' is missing");
        server.send("POST", "/events/webhooks", body(",\"signatureSecret\":\"short\""))
                .fails(400, "'signatureSecret' must have 16 to 256 characters");
        for (String events : List.of("[]", "[\"sandbox.lifecycle.exploded\"]")) {
            server.send("POST", "/events/webhooks", body(",\"events\":" + events))
                    .fails(400, "'events' must name at least one kind of event, and only those that there are");
        }
        server.send("POST", "/events/webhooks", body(",\"events\":\"all\""))
                .fails(400, "'events' must be an array of strings");
        server.send("POST", "/events/webhooks", "{\"name\":\"x\",\"url\":\"http://10.0.0.1/\"}")
                .fails(403, "10.0.0.1 is at an address that webhooks may not reach");
        String id = create();
        server.send("PATCH", "/events/webhooks/" + id, "{\"url\":\"http://169.254.169.254/latest/meta-data\"}")
                .fails(403, "169.254.169.254 is at an address that webhooks may not reach");
        assertThat(server.get("/events/webhooks/" + id).text("url")).isEqualTo(receiver.url("/in"));
    }

    @Test
    void thereIsABoundOfThem() throws Exception {
        for (int i = 0; i < Webhooks.WEBHOOKS_MAX; i++) {
            assertThat(create()).isNotEmpty();
        }
        server.send("POST", "/events/webhooks", body("")).fails(429, "there are 20 webhooks already");
    }

    @Test
    void anotherTenantsIsNotThere() throws Exception {
        String id = create();
        for (String[] asked : new String[][] {
            {"GET", "/events/webhooks/" + id, ""},
            {"PATCH", "/events/webhooks/" + id, "{\"enabled\":false}"},
            {"DELETE", "/events/webhooks/" + id, ""},
            {"GET", "/skerry/v1/webhooks/" + id + "/deliveries", ""},
            {"POST", "/skerry/v1/webhooks/" + id + "/test", "{}"}
        }) {
            Answer theirs = server.send(asked[0], asked[1], asked[2], "X-API-Key", server.otherKey);
            Answer nothing = server.send(asked[0], asked[1].replace(id, "nothing"), asked[2]);
            theirs.fails(404, "there is no such webhook");
            nothing.fails(404, "there is no such webhook");
        }
        assertThat(server.send("GET", "/events/webhooks", "", "X-API-Key", server.otherKey)
                        .body()
                        .isEmpty())
                .isTrue();
        server.get("/events/webhooks/" + id).is(200);
        assertThat(receiver.got).isEmpty();
    }

    @Test
    void oneIsTriedOutAndTheAttemptIsKept() throws Exception {
        String id = create();
        Answer good =
                server.send("POST", "/skerry/v1/webhooks/" + id + "/test", "{}").is(200);
        assertThat(good.body().get("delivered").booleanValue()).isTrue();
        receiver.answer = _ -> 418;
        Answer bad =
                server.send("POST", "/skerry/v1/webhooks/" + id + "/test", "{}").is(200);
        assertThat(bad.text("error")).isEqualTo("the answer was 418");
        Answer kept = server.get("/skerry/v1/webhooks/" + id + "/deliveries").is(200);
        assertThat(kept.body().size()).isEqualTo(2);
        assertThat(kept.body().get(0).get("status").intValue()).isEqualTo(418);
        assertThat(server.get("/skerry/v1/webhooks/" + id + "/deliveries?limit=1")
                        .body()
                        .size())
                .isEqualTo(1);
    }
}
