package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Walks the table of routes, so a new one is checked without anybody thinking of it. */
class RouteTableTest {
    private static final Set<String> OPEN =
            Set.of("/health", "/health/live", "/health/ready", "/health/deep", "/openapi.json");

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private List<Operation> operations() {
        assertThat(server.api.operations()).hasSizeGreaterThan(50);
        return server.api.operations();
    }

    private static String path(Operation operation, String sandbox) {
        return operation.route().template().replace("{sandboxID}", sandbox).replaceAll("\\{[^}]*}", "base");
    }

    private static String body(Operation operation) {
        return operation.route().method().equals("GET") ? "" : "{\"timeout\":60}";
    }

    @Test
    void onlyWhatIsDocumentedAsOpenIsAnsweredWithoutAKey() throws Exception {
        String id = server.create("{}");
        var open = new TreeSet<String>();
        for (Operation operation : operations()) {
            String method = operation.route().method();
            Answer none = server.send(method, path(operation, id), body(operation), new String[0]);
            if (none.status() != 401) {
                open.add(operation.route().template());
                assertThat(operation.open()).as(none.response().toString()).isTrue();
                continue;
            }
            assertThat(none.body().get("code").intValue()).isEqualTo(401);
            String wrong = "e2b_" + "0".repeat(40);
            for (String key : List.of(wrong, "", "x", server.key.substring(0, 20), server.key + "0")) {
                server.send(method, path(operation, id), body(operation), "X-API-Key", key)
                        .is(401);
                server.send(method, path(operation, id), body(operation), "Authorization", "Bearer " + key)
                        .is(401);
            }
        }
        assertThat(open).isEqualTo(OPEN);
        server.get("/sandboxes/" + id).is(200);
    }

    @Test
    void everyRouteNeedsTheScopeThatItNames() throws Exception {
        String id = server.create("{}");
        for (Operation operation : operations()) {
            if (operation.open()) {
                continue;
            }
            KeyScope least = operation.scope().orElseThrow();
            String method = operation.route().method();
            assertThat(method.equals("GET") || least != KeyScope.READ)
                    .as("%s changes something", operation.route())
                    .isTrue();
            for (KeyScope scope : KeyScope.values()) {
                if (!scope.covers(least)) {
                    server.send(method, path(operation, id), body(operation), "X-API-Key", server.key(scope))
                            .is(403);
                }
            }
        }
        server.get("/sandboxes/" + id).is(200);
    }

    @Test
    void aBearerTokenIsAKeyToo() throws Exception {
        for (String word : List.of("Bearer ", "bearer ", "BEARER  ")) {
            Answer teams = server.send("GET", "/teams", "", "Authorization", word + server.key)
                    .is(200);
            assertThat(teams.body().get(0).get("apiKey").stringValue()).isEqualTo(server.key);
        }
        server.send("GET", "/teams", "", "Authorization", "Basic " + server.key).is(401);
    }

    @Test
    void whatIsNotThereIsSaid() throws Exception {
        server.get("/nothing").fails(404, "there is nothing at /nothing");
        Answer wrong = server.send("PUT", "/teams", "{}").fails(405, "PUT is not answered at /teams");
        assertThat(wrong.header("Allow")).contains("GET");
    }

    @Test
    void everyRouteIsInTheDocumentWithASummary() throws Exception {
        JsonNode document =
                server.send("GET", "/openapi.json", "", new String[0]).is(200).body();
        assertThat(document.get("openapi").stringValue()).startsWith("3.1.");
        var ids = new TreeSet<String>();
        for (Operation operation : operations()) {
            JsonNode entry = document.get("paths")
                    .get(operation.route().template())
                    .get(operation.route().method().toLowerCase(Locale.ROOT));
            String summary = entry.get("summary").stringValue();
            assertThat(summary).as(operation.route().template()).matches("[A-Z].{8,}\\.");
            assertThat(ids.add(entry.get("operationId").stringValue()))
                    .as(operation.route().template())
                    .isTrue();
            assertThat(entry.get("security").isEmpty()).isEqualTo(operation.open());
            assertThat(entry.has("x-skerry-scope")).isNotEqualTo(operation.open());
            if (!summary.startsWith("Not yet")) {
                assertThat(operation.answers()).as(operation.route().template()).isNotEmpty();
            }
        }
        assertThat(ids).hasSize(operations().size());
    }

    @Test
    void everySchemaIsUsedAndEveryReferenceLeadsToOne() throws Exception {
        JsonNode document = server.get("/openapi.json").body();
        String text = document.toString();
        var names = new TreeSet<>(document.get("components").get("schemas").propertyNames());
        assertThat(names).allMatch(name -> text.contains("#/components/schemas/" + name + "\""));
        var referred = new TreeSet<String>();
        var reference = Pattern.compile("#/components/schemas/([A-Za-z0-9]+)").matcher(text);
        while (reference.find()) {
            referred.add(reference.group(1));
        }
        assertThat(referred).isEqualTo(names);
    }
}
