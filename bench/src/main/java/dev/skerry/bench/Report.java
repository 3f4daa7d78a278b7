package dev.skerry.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What a run measured and on what machine. */
public final class Report {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Map<String, String> machine;
    private final List<Contest.Result> results = new ArrayList<>();
    private final List<Promise> promises = new ArrayList<>();

    public Report(Map<String, String> machine) {
        this.machine = new LinkedHashMap<>(machine);
    }

    public void add(Contest.Result result) {
        results.add(result);
    }

    public void add(Promise promise) {
        promises.add(promise);
    }

    /** Writes {@code NAME.json} (all raw values), {@code NAME.md} and {@code NAME.svg}. */
    public void write(Path folder, String name) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(name + ".json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json()) + "\n");
        Files.writeString(folder.resolve(name + ".md"), markdown());
        Files.writeString(folder.resolve(name + ".svg"), new Plot(results).svg());
    }

    private Map<String, Object> json() {
        List<Map<String, Object>> contests = new ArrayList<>();
        for (Contest.Result result : results) {
            Map<String, Object> sides = new LinkedHashMap<>();
            result.sides()
                    .forEach((side, values) -> sides.put(
                            side,
                            Map.of(
                                    "unit", values.unit(),
                                    "n", values.n(),
                                    "p50", values.p50(),
                                    "p95", values.percentile(95),
                                    "p99", values.percentile(99),
                                    "values", values.values())));
            contests.add(Map.of("title", result.title(), "sides", sides));
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("machine", machine);
        if (!promises.isEmpty()) {
            all.put("promises", promises);
        }
        all.put("contests", contests);
        return all;
    }

    /**
     * What was promised, and a table per contest, whose last column is the ratio of medians to the first side, the
     * lower bound.
     */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        machine.forEach((key, value) ->
                text.append("* ").append(key).append(": ").append(value).append('\n'));
        if (!promises.isEmpty()) {
            text.append("\n| | promise | that is here | measured | kept |\n| --- | --- | --- | --- | --- |\n");
            promises.forEach(promise -> text.append(promise.row()));
        }
        for (Contest.Result result : results) {
            text.append("\n### ").append(result.title()).append("\n\n");
            text.append("| | n | p50 | p95 | p99 | min | max | unit | p50 to the first row |\n");
            text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
            double first = result.sides().values().iterator().next().p50();
            result.sides()
                    .forEach((side, values) -> text.append(String.format(
                            Locale.ROOT,
                            "| %s | %d | %s | %s | %s | %s | %s | %s | %.2f |%n",
                            side,
                            values.n(),
                            shortened(values.p50()),
                            shortened(values.percentile(95)),
                            shortened(values.percentile(99)),
                            shortened(values.min()),
                            shortened(values.max()),
                            values.unit(),
                            first == 0 ? Double.NaN : values.p50() / first)));
        }
        return text.toString();
    }

    static String shortened(double value) {
        return String.format(
                Locale.ROOT, Math.abs(value) < 10 ? "%.2f" : Math.abs(value) < 100 ? "%.1f" : "%.0f", value);
    }
}
