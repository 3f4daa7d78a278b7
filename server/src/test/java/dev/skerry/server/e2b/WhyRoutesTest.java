package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.AuditFilter;
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
import java.util.concurrent.locks.LockSupport;
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
        AuditQuery query = AuditQuery.newest(AuditFilter.of(Optional.empty(), id), 100);
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (server.audit.find(query).size() < number) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
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
    void eventsAndCallsAreSearchedByWhatIsKnownOfThem() throws Exception {
        String id = server.create("{}");
        String other = server.create("{}");
        server.send("POST", "/sandboxes/" + id + "/pause", "").is(204);
        server.send("POST", "/sandboxes/" + id + "/pause", "").is(409);
        E2bServer.Answer paused = server.get("/skerry/v1/events?kind=paused,resumed&cause=requested&sandbox=" + id)
                .is(200);
        assertThat(paused.body()).hasSize(1);
        assertThat(paused.body().get(0).get("cause").stringValue()).isEqualTo("requested");
        // Where to go on is known although most of it was not meant.
        assertThat(paused.header("Skerry-Seen")).contains("5");
        server.get("/skerry/v1/events?kind=nonsense")
                .fails(
                        400,
                        "'kind' must be one of created, started, paused, pause_failed, resumed, resume_failed, renewed,"
                                + " ended, not 'nonsense'");
        assertThat(server.get("/skerry/v1/events?sandbox=nonsense").is(200).body())
                .isEmpty();
        assertThat(server.get("/skerry/v1/events?tenant=other").is(200).body()).isEmpty();
        server.send("GET", "/skerry/v1/events?tenant=default", "", "X-API-Key", server.otherKey)
                .is(403);
        server.send("GET", "/skerry/v1/events?key=k", "", "X-API-Key", server.key(KeyScope.READ))
                .is(403);
        String key = server.keys.list(TenantId.DEFAULT).stream()
                .filter(one -> one.name().equals("first"))
                .findFirst()
                .orElseThrow()
                .id();
        assertThat(server.get("/skerry/v1/events?key=" + key).is(200).body()).hasSize(5);
        assertThat(server.get("/skerry/v1/events?text=nowhere").is(200).body()).isEmpty();
        awaitCalls(id, 3);
        assertThat(server.get("/skerry/v1/audit?outcome=refused&operation=PAUSE&text=127.0.0.1")
                        .is(200)
                        .body())
                .hasSize(1);
        assertThat(server.get("/skerry/v1/audit?until=2000-01-01T00:00:00Z")
                        .is(200)
                        .body())
                .isEmpty();
        JsonNode followed = server.get("/skerry/v1/audit?after=1").is(200).body();
        assertThat(followed.get(0).get("sequence").longValue()).isEqualTo(2);
        assertThat(server.get("/skerry/v1/audit?subject=" + other).is(200).body())
                .hasSize(1);
        server.get("/skerry/v1/audit?after=1&before=5").is(400);
        server.get("/skerry/v1/audit?outcome=maybe").is(400);
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
