package dev.skerry.bench.judging;

import dev.skerry.bench.Distribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.json.JsonMapper;

/** A day as numbers for each of its seconds, as a table and as curves. */
final class DayReport {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int WIDTH = 900;
    private static final int LEFT = 60;
    private static final int PANEL = 130;
    private static final int HEAD = 24;

    private final Map<String, String> machine;
    private final List<DayLog.Second> seconds;

    DayReport(Map<String, String> machine, DayLog log) {
        this.machine = machine;
        this.seconds = log.seconds();
    }

    /** Writes {@code NAME.json}, {@code NAME.md} and {@code NAME.svg}. */
    void write(Path folder, String name) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(name + ".json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json()) + "\n");
        Files.writeString(folder.resolve(name + ".md"), markdown());
        Files.writeString(folder.resolve(name + ".svg"), svg());
    }

    private Map<String, Object> json() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (DayLog.Second second : seconds) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("millis", second.millis());
            values.put("refused", second.refused().get());
            values.put("server", second.server());
            list.add(values);
        }
        return Map.of("machine", machine, "seconds", list);
    }

    String markdown() {
        List<Double> all =
                seconds.stream().flatMap(second -> second.millis().stream()).toList();
        StringBuilder text = new StringBuilder();
        machine.forEach((key, value) ->
                text.append("* ").append(key).append(": ").append(value).append('\n'));
        text.append("\n| programs | refused for a moment | p50 ms | p95 | p99 | longest | hits | most waiting |\n");
        text.append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        Distribution waits = new Distribution("ms", all.isEmpty() ? List.of(0.0) : all);
        text.append(String.format(
                Locale.ROOT,
                "| %d | %d | %.0f | %.0f | %.0f | %.0f | %.0f %% | %.0f |%n",
                all.size(),
                seconds.stream().mapToInt(second -> second.refused().get()).sum(),
                waits.p50(),
                waits.percentile(95),
                waits.percentile(99),
                waits.max(),
                100 * hitRate(seconds.getFirst(), seconds.getLast()),
                seconds.stream().mapToDouble(DayReport::queued).max().orElse(0)));
        return text.toString();
    }

    private static double queued(DayLog.Second second) {
        return second.server().getOrDefault("skerry_jobs_queued", 0.0);
    }

    private static double ready(DayLog.Second second) {
        return second.server().getOrDefault("skerry_pool_ready", 0.0);
    }

    private static double hits(DayLog.Second second) {
        return second.server().getOrDefault("skerry_pool_claims_total result=\"hit\"", 0.0);
    }

    private static double claims(DayLog.Second second) {
        return second.server().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("skerry_pool_claims_total"))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    private static double hitRate(DayLog.Second from, DayLog.Second to) {
        double all = claims(to) - claims(from);
        return all <= 0 ? 0 : (hits(to) - hits(from)) / all;
    }

    private String svg() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH,
                5 * PANEL));
        panel(text, 0, "programs answered in a second", second -> second.millis()
                .size());
        panel(text, 1, "slowest answer of each second, ms", second -> second.millis().stream()
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0));
        panel(text, 2, "programs waiting in the server's queue", DayReport::queued);
        panel(text, 3, "sandboxes ready", DayReport::ready);
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < seconds.size(); i++) {
            rates.add(100 * hitRate(seconds.get(Math.max(0, i - 10)), seconds.get(i)));
        }
        curve(text, 4, "of the last ten seconds' programs, % that found one ready", rates);
        return text.append("</svg>\n").toString();
    }

    private void panel(StringBuilder text, int index, String title, ToDoubleFunction<DayLog.Second> value) {
        curve(text, index, title, seconds.stream().map(value::applyAsDouble).toList());
    }

    private static void curve(StringBuilder text, int index, String title, List<Double> values) {
        double most = Math.max(
                1, values.stream().mapToDouble(Double::doubleValue).max().orElse(1));
        int bottom = (index + 1) * PANEL - 8;
        double height = PANEL - HEAD - 16.0;
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            double x = LEFT + (WIDTH - LEFT - 20.0) * i / Math.max(1, values.size() - 1);
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, bottom - height * values.get(i) / most));
        }
        text.append(String.format(
                Locale.ROOT,
                "<text x=\"10\" y=\"%d\" font-weight=\"bold\">%s</text>"
                        + "<text x=\"10\" y=\"%d\">%.0f</text><text x=\"10\" y=\"%d\">0</text>"
                        + "<polyline points=\"%s\" fill=\"none\" stroke=\"#08519c\" stroke-width=\"1\"/>%n",
                index * PANEL + 16,
                title,
                index * PANEL + HEAD + 16,
                most,
                bottom,
                points.toString().strip()));
    }
}
