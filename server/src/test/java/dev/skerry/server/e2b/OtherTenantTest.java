package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.openapi.Operation;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a key of another tenant gets. The test walks the table of routes: one whose path names something must answer for
 * another tenant's as for one that does not exist; one whose path names nothing is listed here with what it shows, or
 * the test fails.
 */
class OtherTenantTest {
    /** What a route without a name in its path shows. */
    private enum Shows {
        /** What is the caller's: the same before and after another tenant has something. */
        OWN,
        /** The same to everybody: the host, templates, the server. */
        THE_SAME,
        /** What it makes, which is the caller's. */
        MADE,
        /** What happens to what is the caller's, without an end: EventStreamTest has the other tenant. */
        STREAM
    }

    private static final Map<String, Shows> WITHOUT_NAMES = Map.ofEntries(
            Map.entry("POST /sandboxes", Shows.MADE),
            Map.entry("POST /v2/sandboxes", Shows.MADE),
            Map.entry("GET /sandboxes", Shows.OWN),
            Map.entry("GET /v2/sandboxes", Shows.OWN),
            Map.entry("GET /snapshots", Shows.OWN),
            Map.entry("GET /sandboxes/metrics", Shows.OWN),
            Map.entry("GET /skerry/v1/events", Shows.OWN),
            Map.entry("GET /skerry/v1/events/stream", Shows.STREAM),
            Map.entry("GET /events/webhooks", Shows.OWN),
            Map.entry("POST /events/webhooks", Shows.MADE),
            Map.entry("GET /skerry/v1/jobs", Shows.OWN),
            Map.entry("POST /skerry/v1/jobs", Shows.MADE),
            Map.entry("GET /skerry/v1/secrets", Shows.THE_SAME),
            Map.entry("GET /skerry/v1/pools", Shows.THE_SAME),
            Map.entry("PUT /skerry/v1/pools", Shows.THE_SAME),
            Map.entry("GET /skerry/v1/tenants", Shows.OWN),
            Map.entry("POST /skerry/v1/tenants", Shows.THE_SAME),
            Map.entry("GET /skerry/v1/host", Shows.THE_SAME),
            Map.entry("GET /teams", Shows.OWN),
            Map.entry("GET /skerry/v1/audit", Shows.OWN),
            Map.entry("GET /api-keys", Shows.OWN),
            Map.entry("POST /api-keys", Shows.MADE),
            Map.entry("GET /metrics", Shows.THE_SAME),
            Map.entry("GET /templates", Shows.THE_SAME),
            Map.entry("GET /v2/templates", Shows.THE_SAME),
            Map.entry("POST /templates", Shows.THE_SAME),
            Map.entry("POST /v2/templates", Shows.THE_SAME),
            Map.entry("POST /v3/templates", Shows.THE_SAME),
            Map.entry("POST /templates/tags", Shows.THE_SAME),
            Map.entry("DELETE /templates/tags", Shows.THE_SAME),
            Map.entry("GET /volumes", Shows.THE_SAME),
            Map.entry("POST /volumes", Shows.THE_SAME),
            Map.entry("GET /secrets", Shows.THE_SAME),
            Map.entry("POST /secrets", Shows.THE_SAME));

    /** Of what all tenants share, and of what there is none of yet. */
    private static final List<String> SHARED =
            List.of("{templateID}", "{alias}", "{hash}", "{buildID}", "{volumeID}", "{secretID}");

    private static final String BODY = "{\"timeout\":60,\"name\":\"theirs\"}";
    private static final Pattern VARIABLE = Pattern.compile("\\{[^}]*}");

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private List<Operation> keyed() {
        List<Operation> keyed = server.api.operations().stream()
                .filter(operation -> !operation.open())
                .toList();
        assertThat(keyed).hasSizeGreaterThan(50);
        return keyed;
    }

    private static String name(Operation operation) {
        return operation.route().method() + " " + operation.route().template();
    }

    /** As the other tenant is answered, without what is new in every answer. */
    private String answer(Operation operation, String path) throws IOException, InterruptedException {
        String method = operation.route().method();
        Answer answer = server.send(method, path, method.equals("GET") ? "" : BODY, "X-API-Key", server.otherKey);
        return answer.status() + " " + answer.response().body().replaceAll("\"request_id\":\"[^\"]*\"", "");
    }

    private record Named(String theirs, String nobodys) {}

    private String job() throws IOException, InterruptedException {
        return server.send(
                        "POST",
                        "/skerry/v1/jobs",
                        "{\"language\":\"python\",\"files\":[{\"content\":\"hello\"}],\"async\":true}")
                .is(202)
                .text("token");
    }

    /** What there is of the first tenant, and what there is not. */
    private Map<String, Named> names() throws IOException, InterruptedException {
        String sandbox = server.create("{}");
        String key = server.get("/api-keys").body().get(0).get("id").stringValue();
        String webhook = server.send("POST", "/events/webhooks", "{\"name\":\"a\",\"url\":\"http://127.0.0.1:1/\"}")
                .is(201)
                .text("id");
        String nothing =
                SandboxId.create(server.clock.instant(), new SecureRandom()).text();
        return Map.of(
                "{sandboxID}",
                new Named(sandbox, nothing),
                "{apiKeyID}",
                new Named(key, "0123456789abcdef"),
                "{webhookID}",
                new Named(webhook, "00000000-0000-4000-8000-000000000000"),
                "{token}",
                new Named(job(), nothing),
                "{tenantID}",
                new Named("default", "nobody"));
    }

    @Test
    void whatIsAnothersIsAnsweredAsWhatIsNotThere() throws Exception {
        Map<String, Named> names = names();
        String before = server.get("/sandboxes").response().body()
                + server.get("/api-keys").body().get(0).get("name");
        int checked = 0;
        for (Operation operation : keyed()) {
            String template = operation.route().template();
            Map<String, String> variables = new TreeMap<>();
            Matcher matcher = VARIABLE.matcher(template);
            while (matcher.find()) {
                String variable = matcher.group();
                if (!SHARED.contains(variable)) {
                    assertThat(names)
                            .as("a case for %s of %s", variable, template)
                            .containsKey(variable);
                    variables.put(variable, variable);
                }
            }
            for (String variable : variables.keySet()) {
                Named named = names.get(variable);
                // Any other name in the path is one that there is.
                String path = template;
                for (String other : variables.keySet()) {
                    path = other.equals(variable) ? path : path.replace(other, own(other, names));
                }
                String theirs = answer(operation, path.replace(variable, named.theirs()));
                String nobodys = answer(operation, path.replace(variable, named.nobodys()));
                assertThat(theirs.replace(named.theirs(), "ID"))
                        .as(name(operation))
                        .isEqualTo(nobodys.replace(named.nobodys(), "ID"))
                        .matches("(?s)40[34] .*");
                checked++;
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(24);
        assertThat(server.get("/sandboxes").response().body()
                        + server.get("/api-keys").body().get(0).get("name"))
                .isEqualTo(before);
    }

    private static String own(String variable, Map<String, Named> names) {
        return variable.equals("{tenantID}")
                ? E2bServer.OTHER.text()
                : names.get(variable).theirs();
    }

    @Test
    void everyRouteThatNamesNothingIsKnownForWhatItShows() {
        List<String> unnamed = keyed().stream()
                .filter(operation ->
                        !VARIABLE.matcher(operation.route().template()).find())
                .map(OtherTenantTest::name)
                .toList();
        assertThat(unnamed).containsExactlyInAnyOrderElementsOf(WITHOUT_NAMES.keySet());
    }

    @Test
    void whatOneSeesDoesNotDependOnWhatOthersHave() throws Exception {
        Map<String, String> before = new TreeMap<>();
        for (Operation operation : keyed()) {
            if (WITHOUT_NAMES.get(name(operation)) == Shows.OWN) {
                before.put(name(operation), answer(operation, asked(operation, "none")));
            }
        }
        assertThat(before).hasSizeGreaterThanOrEqualTo(8);
        String id = server.create("{\"metadata\":{\"a\":\"b\"}}");
        server.send("POST", "/api-keys", "{\"name\":\"more\"}").is(201);
        assertThat(job()).isNotEmpty();
        server.send("POST", "/events/webhooks", "{\"name\":\"a\",\"url\":\"http://127.0.0.1:1/\"}")
                .is(201);
        for (Operation operation : keyed()) {
            if (before.containsKey(name(operation))) {
                assertThat(answer(operation, asked(operation, id)))
                        .as(name(operation))
                        // When the key was last used, which is what asking does.
                        .isEqualTo(before.get(name(operation)));
            }
        }
    }

    private static String asked(Operation operation, String sandbox) {
        return operation.route().template()
                + operation.query().stream()
                        .map(Operation.Parameter::name)
                        .filter(name -> name.startsWith("sandbox"))
                        .findFirst()
                        .map(name -> "?" + name + "=" + sandbox)
                        .orElse("");
    }

    @Test
    void whatOneMakesIsSeenByNobodyElse() throws Exception {
        for (String path : List.of("/sandboxes", "/v2/sandboxes")) {
            String id = server.send("POST", path, "{\"templateID\":\"base\"}", "X-API-Key", server.otherKey)
                    .is(201)
                    .text("sandboxID");
            server.get("/sandboxes/" + id).is(404);
            assertThat(server.get("/v2/sandboxes").response().body()).doesNotContain(id);
            assertThat(server.get("/skerry/v1/events").response().body()).doesNotContain(id);
        }
        String key = server.send("POST", "/api-keys", "{\"name\":\"x\"}", "X-API-Key", server.otherKey)
                .is(201)
                .text("id");
        assertThat(server.get("/api-keys").response().body()).doesNotContain(key);
    }
}
