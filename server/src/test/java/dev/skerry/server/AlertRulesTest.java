package dev.skerry.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.sandboxes.SimulatedHost;
import dev.skerry.server.settings.ServerSettings;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the alert rules ask for is what the server's metrics say. */
class AlertRulesTest {
    private static final Path ALERTS =
            Path.of(System.getProperty("skerry.root", "..")).resolve("docs/alerts");

    /** Of Prometheus itself. */
    private static final Set<String> FOREIGN = Set.of("up");

    private static final Pattern SELECTOR = Pattern.compile("\\b([a-z][a-z_]*[a-z])(?:\\{([^}]*)})?(?![a-z_(])");
    private static final Pattern MATCHER = Pattern.compile("([a-z]+)(=~|=)\"([^\"]*)\"");
    private static final Pattern SAMPLE = Pattern.compile("([a-z0-9_]+)(?:\\{(.*)})? [^ ]+");
    private static final Pattern LABEL = Pattern.compile("([a-z]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Set<String> WORDS = Set.of("by", "sum", "max", "le", "tenant", "cause", "instance");

    /** Up to what comes after the expression: that is one text in quotes, or some lines. */
    private static final Pattern RULE =
            Pattern.compile("- alert: (\\w+)\\n +expr: (?:'|>-\\n)(.*?)'?\\n +for: ", Pattern.DOTALL);

    private record Rule(String name, String expression) {}

    /** A metric of a rule, with the labels that it must have. */
    private record Selector(String metric, Map<String, Pattern> labels) {
        boolean selects(String name, Map<String, String> has) {
            return name.equals(metric)
                    && labels.entrySet().stream().allMatch(label -> label.getValue()
                            .matcher(has.getOrDefault(label.getKey(), ""))
                            .matches());
        }
    }

    private static List<Rule> rules() throws IOException {
        List<Rule> rules = new ArrayList<>();
        Matcher rule = RULE.matcher(Files.readString(ALERTS.resolve("skerry.rules.yml")));
        while (rule.find()) {
            rules.add(new Rule(rule.group(1), rule.group(2)));
        }
        return rules;
    }

    private static List<Selector> selectors(Rule rule) {
        List<Selector> selectors = new ArrayList<>();
        Matcher matcher = SELECTOR.matcher(rule.expression().replaceAll("\\[[^]]*]", ""));
        while (matcher.find()) {
            // What stands in the parentheses of 'by' are labels.
            if (WORDS.contains(matcher.group(1)) || FOREIGN.contains(matcher.group(1))) {
                continue;
            }
            Map<String, Pattern> labels = new HashMap<>();
            Matcher label =
                    MATCHER.matcher(Optional.ofNullable(matcher.group(2)).orElse(""));
            while (label.find()) {
                // Prometheus gives that to whatever it asks for.
                if (!label.group(1).equals("job")) {
                    boolean pattern = label.group(2).equals("=~");
                    labels.put(
                            label.group(1), Pattern.compile(pattern ? label.group(3) : Pattern.quote(label.group(3))));
                }
            }
            selectors.add(new Selector(matcher.group(1), labels));
        }
        return selectors;
    }

    private static String metrics(Path data) throws IOException, InterruptedException {
        Address any = new Address("127.0.0.1", 0);
        ServerSettings settings = ServerSettings.DEFAULT.with(
                new ServerSettings.Overrides(Optional.of(data), Optional.of(any), Optional.of(any), Optional.empty()));
        try (Server server = Server.open(settings, new SimulatedHost(), InstantSource.system());
                HttpClient client = HttpClient.newHttpClient()) {
            String key = server.mintKey("test");
            String text = "";
            // Some have a number only when something has happened: one request fails, one is refused.
            for (String path : List.of("/sandboxes/x", "/v2/sandboxes", "/metrics", "/metrics")) {
                HttpRequest request = HttpRequest.newBuilder(server.api().resolve(path))
                        .timeout(Duration.ofSeconds(20))
                        .header("X-API-Key", key)
                        .build();
                text = client.send(request, BodyHandlers.ofString()).body();
            }
            return text;
        }
    }

    @Test
    void everyMetricOfARuleIsServedWithItsLabels(@TempDir Path folder) throws Exception {
        String text = metrics(folder.resolve("data"));
        Map<String, List<Map<String, String>>> served = new HashMap<>();
        for (String line : text.lines().filter(one -> !one.startsWith("#")).toList()) {
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.matches()).as(line).isTrue();
            Map<String, String> labels = new HashMap<>();
            Matcher label = LABEL.matcher(Optional.ofNullable(sample.group(2)).orElse(""));
            while (label.find()) {
                labels.put(label.group(1), label.group(2));
            }
            served.computeIfAbsent(sample.group(1), _ -> new ArrayList<>()).add(labels);
        }
        assertThat(rules()).hasSizeGreaterThan(20);
        int selected = 0;
        for (Rule rule : rules()) {
            for (Selector selector : selectors(rule)) {
                selected++;
                List<Map<String, String>> samples = served.getOrDefault(selector.metric(), List.of());
                assertThat(samples).as("%s of %s", selector.metric(), rule).isNotEmpty();
                boolean comesWithTime = selector.labels().containsKey("status")
                        || selector.labels().containsKey("outcome");
                assertThat(samples)
                        .as("%s of %s", selector, rule)
                        .anyMatch(labels -> comesWithTime
                                ? labels.keySet().containsAll(selector.labels().keySet())
                                : selector.selects(selector.metric(), labels));
            }
        }
        assertThat(selected).isGreaterThan(28);
    }

    /** What promtool holds against the rules when somebody changes them. */
    @Test
    void everyRuleHasASampleAtWhichItFires() throws IOException {
        Set<String> rules = new TreeSet<>();
        rules().forEach(rule ->
                assertThat(rules.add(rule.name())).as(rule.name()).isTrue());
        try (Stream<String> lines = Files.lines(ALERTS.resolve("skerry.test.yml"))) {
            assertThat(lines.filter(line -> line.startsWith("  - name: "))
                            .map(line -> line.substring("  - name: ".length())))
                    .containsExactlyInAnyOrderElementsOf(rules);
        }
    }
}
