package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class WhyRoutesTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private JsonNode why(String id) throws IOException, InterruptedException {
        return server.get("/skerry/v1/sandboxes/" + id + "/why").is(200).body();
    }

    private List<String> texts(String id) throws IOException, InterruptedException {
        List<String> texts = new ArrayList<>();
        why(id).get("history").forEach(line -> texts.add(line.get("text").stringValue()));
        return texts;
    }

    private void term(long number, String owner, String address) {
        server.terms.add(new HostTerm(FakeSandboxes.HOST, number, owner, address, server.clock.instant()));
    }

    /** It is written a moment later. */
    private void awaitCalls(String id, int number) {
        AuditQuery query = new AuditQuery(
                Optional.empty(), Optional.empty(), Optional.of(id), Optional.empty(), Optional.empty(), 100);
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (server.audit.find(query).size() < number) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @Test
    void aHistoryIsToldInSentencesWithItsReasons() throws Exception {
        term(1, "a", "http://10.0.0.1:3000");
        server.clock.pass(SECOND);
        String id = server.create("{\"envVars\":{\"PASSWORD\":\"a-canary\"},\"autoPause\":true}");
        server.clock.pass(SECOND);
        server.send("POST", "/sandboxes/" + id + "/pause", "").is(204);
        server.clock.pass(SECOND);
        server.send("POST", "/sandboxes/" + id + "/pause", "").is(409);
        server.clock.pass(SECOND);
        term(2, "b", "http://10.0.0.2:3000");
        server.clock.pass(SECOND);
        server.sandboxes.cause = Cause.TRAFFIC;
        SandboxId sandbox = new SandboxId(id);
        new Origin("", "", "192.0.2.9", "r3")
                .during(() -> server.sandboxes.connect(TenantId.DEFAULT, sandbox, SECOND, true));
        assertThat(why(id).get("summary").stringValue()).startsWith("It runs on host local with isolation container");
        server.clock.pass(SECOND);
        server.sandboxes.cause = Cause.OUT_OF_MEMORY;
        server.sandboxes.kill(TenantId.DEFAULT, sandbox);
        awaitCalls(id, 3);
        ApiKey key = server.keys.list(TenantId.DEFAULT).getFirst();
        String by = "by key " + key.mask() + " (" + key.id() + ") of tenant default from 127.0.0.1";
        List<String> texts = texts(id);
        assertThat(texts.getFirst())
                .startsWith("Created " + by + ": template base")
                .contains(
                        "isolation container or stronger", "2 CPU, 1024 MiB of memory", "then to be paused in memory.")
                .doesNotContain("canary", "PASSWORD");
        assertThat(texts.get(1)).isEqualTo("Started on local, by the server at http://10.0.0.1:3000 in term 1.");
        assertThat(texts.get(2)).isEqualTo("Paused MEMORY: asked for " + by + ".");
        assertThat(texts.get(3))
                .startsWith("The call 'POST /sandboxes/{sandboxID}/pause' with key " + key.id())
                .contains("failed with 409 CONFLICT (request ");
        assertThat(texts.get(4))
                .isEqualTo("The server at http://10.0.0.2:3000 took the host over from the one at"
                        + " http://10.0.0.1:3000 (term 2).");
        assertThat(texts.get(5)).contains("woken by a request to one of its ports, sent by somebody at 192.0.2.9");
        assertThat(texts.get(6)).isEqualTo("Ended: it ran out of memory.");
        assertThat(texts).hasSize(7);
        JsonNode last = why(id).get("history").get(6);
        assertThat(last.get("cause").stringValue()).isEqualTo("out_of_memory");
        assertThat(last.get("what").stringValue()).isEqualTo("ended");
    }

    @Test
    void anothersIsAsIfItDidNotExistAndTheOperatorSeesAll() throws Exception {
        String own = server.create("{}");
        String theirs = server.send("POST", "/v2/sandboxes", "{}", "X-API-Key", server.otherKey)
                .is(201)
                .text("sandboxID");
        String path = "/skerry/v1/sandboxes/%s/why";
        String nobodys = own.substring(0, own.length() - 1) + (own.endsWith("0") ? "1" : "0");
        for (String id : List.of(own, nobodys)) {
            server.send("GET", path.formatted(id), "", "X-API-Key", server.otherKey)
                    .fails(404, "Sandbox \"" + id + "\" doesn't exist or you don't have access to it");
        }
        server.send("GET", path.formatted(theirs), "", "X-API-Key", server.otherKey)
                .is(200);
        assertThat(why(theirs).get("tenant").stringValue()).isEqualTo("other");
        String tenantKey = server.key(KeyScope.TENANT);
        server.send("GET", path.formatted(theirs), "", "X-API-Key", tenantKey).is(404);
        server.send("GET", path.formatted(own), "", "X-API-Key", tenantKey).is(200);
        // What others tried with an id is for the operator only.
        server.send("DELETE", "/sandboxes/" + own, "", "X-API-Key", server.otherKey)
                .is(404);
        awaitCalls(own, 2);
        assertThat(texts(own)).anyMatch(text -> text.contains("of tenant other") && text.contains("404 NOT_FOUND"));
        assertThat(server.send("GET", path.formatted(own), "", "X-API-Key", tenantKey)
                        .response()
                        .body())
                .doesNotContain("of tenant other");
    }
}
