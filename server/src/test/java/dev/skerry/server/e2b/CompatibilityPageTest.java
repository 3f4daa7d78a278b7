package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/COMPATIBILITY.md says of the routes of E2B's control plane is what the server answers. */
class CompatibilityPageTest {
    private static final Path PAGE =
            Path.of(System.getProperty("skerry.root", "..")).resolve("docs/COMPATIBILITY.md");
    private static final String TABLE = "\n## Control plane\n";

    /** What nobody has from E2B; Piston has a table of its own. */
    private static final Pattern OURS = Pattern.compile("/skerry/.*|/api/v2/.*|/metrics|/health/.*|/openapi\\.json");

    private static final Pattern WORD = Pattern.compile("\\b(GET|POST|PUT|PATCH|DELETE)\\b(,?)|`(/[^` ]+)`");
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

    /** As {@code GET /sandboxes/{}}, to what the page says of it. */
    private static Map<String, String> rows() throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf(TABLE) + TABLE.length();
        Map<String, String> rows = new TreeMap<>();
        for (String line : page.substring(from, page.indexOf("\n## ", from)).split("\n", -1)) {
            String[] cells = line.split("\\|", -1);
            if (cells.length > 3) {
                routes(cells[1]).forEach(route -> rows.put(route, cells[2].strip()));
            }
        }
        assertThat(rows).hasSizeGreaterThan(60);
        return rows;
    }

    /** Methods with commas between them, then their paths; then others, perhaps. */
    private static Set<String> routes(String cell) {
        Set<String> routes = new TreeSet<>();
        Set<String> methods = new TreeSet<>();
        boolean more = false;
        Matcher word = WORD.matcher(cell);
        while (word.find()) {
            if (word.group(1) == null) {
                String path = shape(word.group(3));
                methods.forEach(method -> routes.add(method + " " + path));
            } else {
                if (!more) {
                    methods.clear();
                }
                methods.add(word.group(1));
                more = !word.group(2).isEmpty();
            }
        }
        return routes;
    }

    private static String shape(String path) {
        return VARIABLE.matcher(path).replaceAll("{}");
    }

    private Set<String> served() throws Exception {
        Set<String> served = new TreeSet<>();
        server.get("/openapi.json").is(200).body().get("paths").forEachEntry((path, methods) -> {
            if (!OURS.matcher(path).matches()) {
                methods.propertyNames()
                        .forEach(method -> served.add(method.toUpperCase(Locale.ROOT) + " " + shape(path)));
            }
        });
        assertThat(served).hasSizeGreaterThan(40);
        return served;
    }

    private static Set<String> of(Map<String, String> rows, String word, boolean has) {
        return rows.entrySet().stream()
                .filter(row -> row.getValue().contains(word) == has)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Answer send(String route) throws Exception {
        String[] parts = route.split(" ", 2);
        String name = parts[1].contains("/sandboxes/{}") ? server.create("{}") : "base";
        return server.send(parts[0], parts[1].replace("{}", name), parts[0].equals("GET") ? "" : "{}");
    }

    @Test
    void everyRouteThatIsServedIsInThePageAndTheOthersAreCalledSo() throws Exception {
        assertThat(of(rows(), "404", false)).containsExactlyInAnyOrderElementsOf(served());
    }

    @Test
    void whatThePageCallsRefusedIsRefusedAndWhatIsNotThereIsNot() throws Exception {
        Map<String, String> rows = rows();
        for (int status : new int[] {404, 501}) {
            Set<String> routes = of(rows, ": " + status, true);
            assertThat(routes).hasSizeGreaterThan(5);
            for (String route : routes) {
                assertThat(send(route).status()).as(route).isEqualTo(status);
            }
        }
        for (String route : of(rows, "501", false)) {
            assertThat(send(route).status()).as(route).isNotEqualTo(501);
        }
    }

    @Test
    void thereAreNoSnapshotsAndOneTag() throws Exception {
        assertThat(server.get("/snapshots").is(200).body().toString()).isEqualTo("[]");
        Answer tags = server.get("/templates/base/tags").is(200);
        assertThat(tags.body().size()).isEqualTo(1);
        assertThat(tags.body().get(0).get("tag").stringValue()).isEqualTo("default");
    }
}
