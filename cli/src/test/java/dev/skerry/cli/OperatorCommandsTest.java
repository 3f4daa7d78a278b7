package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys, tenants and the audit log of a server. */
class OperatorCommandsTest {
    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();

    @BeforeEach
    void knowTheServer(@TempDir Path data) {
        commanded.environment.put("SKERRY_DATA", data.toString());
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void whyTellsTheHistory() {
        String why = """
            {"sandboxID":"box","tenant":"acme","summary":"It ended.","history":[
              {"at":"2026-01-01T00:00:00Z","what":"created","text":"Created by key e2b_12…cd."},
              {"at":"2026-01-01T00:00:01Z","what":"ended","text":"Ended: \\u001b[31mit was asked for."}]}\
            """;
        server.on("GET /skerry/v1/sandboxes/box/why", 200, why);
        server.on("GET /skerry/v1/sandboxes/box/why", 200, why);
        assertThat(commanded.skerry("why", "box")).isZero();
        assertThat(commanded.out()).isEqualTo("""
            Sandbox box of tenant acme.
            2026-01-01T00:00:00Z      Created by key e2b_12…cd.
            2026-01-01T00:00:01Z      Ended: ?[31mit was asked for.
            It ended.
            """);
        assertThat(commanded.skerry("why", "box", "--json")).isZero();
        assertThat(commanded.out()).contains("\"summary\":\"It ended.\"");
    }

    @Test
    void keysAreMadeListedAndRemoved() {
        server.on("POST /api-keys", 201, "{\"id\":\"k1\",\"key\":\"e2b_secret\",\"name\":\"ci\"}");
        server.on("GET /api-keys", 200, """
            [{"id":"k1","name":"ci","mask":{"prefix":"e2b_","maskedValuePrefix":"12","maskedValueSuffix":"cd"},
              "createdAt":"2026-01-01T00:00:00Z","expiresAt":"2026-02-01T00:00:00Z",
              "scope":"read","lastUsed":null}]\
            """);
        server.on("DELETE /api-keys/k1", 204, "");
        assertThat(commanded.skerry("keys", "create", "ci")).isZero();
        assertThat(commanded.out()).as("for a script").isEqualTo("e2b_secret\n");
        assertThat(commanded.err()).contains("k1").contains("this once").doesNotContain("e2b_secret");
        assertThat(server.asked("POST", "/api-keys").getFirst().body()).isEqualTo("{\"name\":\"ci\"}");
        assertThat(commanded.skerry("keys", "list")).isZero();
        assertThat(commanded.out())
                .containsPattern("k1 +ci +read +e2b_12…cd +2026-01-01T00:00:00Z +2026-02-01T00:00:00Z +-\n");
        assertThat(commanded.skerry("keys", "rm", "k1")).isZero();
        assertThat(commanded.out()).isEqualTo("k1\n");
    }

    @Test
    void theOperatorMakesKeysOfATenantWithAScopeAndAnEnd() {
        String path = "/skerry/v1/tenants/acme/keys";
        server.on("POST " + path, 201, "{\"id\":\"k2\",\"key\":\"e2b_secret\"}");
        server.on("GET " + path, 200, "[]");
        server.on("DELETE " + path + "/k2", 204, "");
        assertThat(commanded.skerry("keys", "create", "ci", "--tenant", "acme", "--scope", "read", "--expires", "30d"))
                .isZero();
        assertThat(server.asked("POST", path).getFirst().body())
                .isEqualTo("{\"name\":\"ci\",\"scope\":\"read\",\"expiresIn\":2592000}");
        assertThat(commanded.skerry("keys", "list", "--tenant", "acme")).isZero();
        assertThat(commanded.skerry("keys", "rm", "--tenant", "acme", "k2")).isZero();
    }

    @Test
    void tenantsAreListed() {
        server.on("GET /skerry/v1/tenants", 200, """
            [{"id":"default","name":"default","keys":2,"running":3,"quotas":{
              "sandboxes":{"limit":5,"own":true,"used":3},"cpuMillis":{"limit":null,"own":false,"used":1500},
              "memoryBytes":{"limit":1073741824,"own":true,"used":0},"diskBytes":{"limit":null,"own":false},
              "createsPerSecond":{"limit":7,"own":true}}}]\
            """);
        assertThat(commanded.skerry("tenants")).isZero();
        String line = "default +default +2 +3/5 +1.5/none +0 bytes/1 GiB +-/none +7\n";
        assertThat(commanded.out()).startsWith("ID ").containsPattern(line);
        assertThat(commanded.skerry("tenants", "list")).isZero();
        assertThat(commanded.out()).containsPattern(line);
    }

    @Test
    void tenantsAreMadeChangedAndRemoved() {
        server.on("POST /skerry/v1/tenants", 201, "{}");
        server.on("PATCH /skerry/v1/tenants/acme", 200, "{}");
        server.on("DELETE /skerry/v1/tenants/acme", 204, "");
        assertThat(commanded.skerry("tenants", "create", "acme", "--name", "Acme", "--sandboxes", "5", "--cpus", "1.5"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("acme\n");
        assertThat(server.asked("POST", "/skerry/v1/tenants").getFirst().body())
                .isEqualTo("{\"id\":\"acme\",\"name\":\"Acme\",\"quotas\":{\"sandboxes\":5,\"cpuMillis\":1500}}");
        assertThat(commanded.skerry("tenants", "set", "acme", "--memory", "1g", "--disk", "none", "--cpus", "default"))
                .isZero();
        assertThat(server.asked("PATCH", "/skerry/v1/tenants/acme").getFirst().body())
                .isEqualTo("{\"quotas\":{\"cpuMillis\":null,\"memoryBytes\":1073741824,\"diskBytes\":-1}}");
        assertThat(commanded.skerry("tenants", "rm", "acme")).isZero();
        assertThat(commanded.skerry("tenants", "set", "acme", "--sandboxes", "few"))
                .isEqualTo(2);
        assertThat(commanded.err()).contains("'few'").contains("none");
    }

    @Test
    void poolsAreShownAndReplaced() {
        String path = "/skerry/v1/pools";
        String pool = """
            [{"pool":"base+python@container","floor":1,"cap":8,"ready":3,"target":4,"hits":90,"misses":5,
              "waits":1,"refusals":0,"demandPerSecond":2.25,"makingMs":21,"backoff":"no memory"}]\
            """;
        server.on("GET " + path, 200, pool);
        assertThat(commanded.skerry("pools")).isZero();
        assertThat(commanded.out())
                .containsPattern("base\\+python@container +3 +4 +1\\.\\.8 +90 +6 +2\\.3 +21 ms +no memory\n");
        server.on("PUT " + path, 200, pool);
        assertThat(commanded.skerry("pools", "set", "base+python=1..8", "base=0..2", "--hits", "90", "--miss", "wait"))
                .isZero();
        server.on("PUT " + path, 200, "[]");
        assertThat(commanded.skerry("pools", "set")).isZero();
        assertThat(server.asked("PUT", path))
                .extracting(asked -> asked.body())
                .containsExactly(
                        "{\"pools\":[\"base+python=1..8\",\"base=0..2\"],\"hitPercent\":90,\"miss\":\"wait\"}",
                        "{\"pools\":[]}");
    }

    @Test
    void theAuditLogIsReadFromItsNewestPagesAndPrintedOldestFirst() {
        String entry = """
            {"sequence":%d,"at":"2026-01-01T00:00:0%dZ","tenant":"acme","keyID":"k1","keyName":"ci",
             "operation":"DELETE /sandboxes/{sandboxID}","subject":"box","address":"127.0.0.1",
             "status":%d,"code":"%s","requestID":"r"}\
            """;
        String page = "[" + entry.formatted(7, 2, 404, "NOT_FOUND") + "," + entry.formatted(6, 1, 204, "") + "]";
        server.on("GET /skerry/v1/audit", 200, page);
        server.on("GET /skerry/v1/audit", 200, "[" + entry.formatted(5, 0, 204, "") + "]");
        assertThat(commanded.skerry("audit", "--since", "1h", "--subject", "box", "--by", "k1", "--limit", "2"))
                .isZero();
        assertThat(commanded.out().lines().toList()).hasSize(3).satisfies(lines -> {
            assertThat(lines.get(1))
                    .contains("00:00:01Z  acme    ci (k1)", "box", "127.0.0.1", "204")
                    .endsWith("-");
            assertThat(lines.get(2)).contains("00:00:02Z").endsWith("NOT_FOUND");
        });
        assertThat(server.asked("GET", "/skerry/v1/audit").getFirst().query())
                .startsWith("since=20")
                .endsWith("Z&subject=box&key=k1&limit=2");
        assertThat(commanded.skerry("audit", "--json")).isZero();
        assertThat(commanded.out()).startsWith("{\"sequence\":5");
    }

    @Test
    void theAuditLogIsSearchedAndFollowed() {
        String entry = """
            [{"sequence":%d,"at":"2026-01-01T00:00:00Z","tenant":"acme","keyID":"k1","keyName":"ci",
              "operation":"DELETE /x","subject":"","address":"127.0.0.1","status":204,"code":"","requestID":"r"}]\
            """;
        String audit = "GET /skerry/v1/audit";
        server.found(audit, entry.formatted(9), 9, 9);
        server.found(audit, entry.formatted(5), 3, 9);
        server.found(audit, "[]", 0, 9);
        server.found(audit, "[]", 9, 9);
        server.found(audit, "[]", 30_000, 50_000);
        server.found(audit, entry.formatted(40_000), 50_000, 50_000);
        server.on("GET /skerry/v1/audit", 503, "{\"code\":503,\"message\":\"the server is stopping\"}");
        assertThat(commanded.skerry("audit", "-f", "--outcome", "refused", "--operation", "POST", "--text", "x"))
                .isEqualTo(125);
        assertThat(commanded.out().lines().toList()).hasSize(3).satisfies(lines -> assertThat(lines.get(2))
                .startsWith("2026-01-01T00:00:00Z  acme"));
        assertThat(server.asked("GET", "/skerry/v1/audit"))
                .extracting(FakeE2b.Asked::query)
                .startsWith(
                        "limit=1",
                        "operation=POST&outcome=refused&text=x&limit=1000",
                        "operation=POST&outcome=refused&text=x&limit=999&before=3",
                        "operation=POST&outcome=refused&text=x&after=9&limit=1000",
                        "operation=POST&outcome=refused&text=x&after=9&limit=1000",
                        "operation=POST&outcome=refused&text=x&after=30000&limit=1000",
                        "operation=POST&outcome=refused&text=x&after=50000&limit=1000");
    }

    @Test
    void theAuditLogIsFollowedWithoutWhatWasBefore() {
        server.found("GET /skerry/v1/audit", "[]", 9, 9);
        server.on("GET /skerry/v1/audit", 503, "{\"code\":503,\"message\":\"the server is stopping\"}");
        assertThat(commanded.skerry("audit", "--limit", "0", "-f")).isEqualTo(125);
        assertThat(server.asked("GET", "/skerry/v1/audit"))
                .extracting(FakeE2b.Asked::query)
                .startsWith("limit=1", "after=9&limit=1000");
    }
}
