package dev.skerry.bench.judging;

import dev.skerry.bench.Distribution;
import dev.skerry.bench.judging.DayLog.Answered;
import dev.skerry.bench.judging.DayLog.Second;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/** A day as numbers for each of its seconds, as tables and as curves. */
final class DayReport {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Map<String, String> machine;
    private final List<Second> seconds;
    private final List<String> failures;
    private final List<Integer> deadlines;

    /** @param deadlines in seconds after the beginning */
    DayReport(Map<String, String> machine, DayLog log, List<Integer> deadlines) {
        this.machine = machine;
        this.seconds = log.seconds();
        this.failures = log.failures();
        this.deadlines = List.copyOf(deadlines);
    }

    /** Writes {@code NAME.json}, {@code NAME.md} and {@code NAME.svg}. */
    void write(Path folder, String name) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(name + ".json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json()) + "\n");
        Files.writeString(folder.resolve(name + ".md"), markdown());
        Files.writeString(folder.resolve(name + ".svg"), new DayPlot(seconds, deadlines).svg());
    }

    private Map<String, Object> json() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Second second : seconds) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("answered", second.answered());
            values.put("refused", second.refused().get());
            values.put("server", second.server());
            list.add(values);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("machine", machine);
        all.put("deadlinesSeconds", deadlines);
        all.put("failures", failures);
        all.put("seconds", list);
        return all;
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        machine.forEach((key, value) ->
                text.append("* ").append(key).append(": ").append(value).append('\n'));
        text.append("\n"
                + "| programs | failed | sent away for a moment | most waiting at a time | most ready | found one"
                + " ready |\n");
        text.append("| --- | --- | --- | --- | --- | --- |\n");
        text.append(String.format(
                Locale.ROOT,
                "| %d | %d | %d | %.0f | %.0f | %.0f %% |%n",
                all().size() + failures.size(),
                failures.size(),
                seconds.stream().mapToInt(second -> second.refused().get()).sum(),
                seconds.stream().mapToDouble(Second::queued).max().orElse(0),
                seconds.stream().mapToDouble(Second::ready).max().orElse(0),
                100 * seconds.getLast().hitRateSince(seconds.getFirst())));
        text.append("\n| sandbox | programs | p50 ms | p95 | p99 | longest |\n");
        text.append("| --- | --- | --- | --- | --- | --- |\n");
        Map<String, List<Double>> kinds = new TreeMap<>();
        all().forEach(one ->
                kinds.computeIfAbsent(one.start(), _ -> new ArrayList<>()).add(one.millis()));
        kinds.put("all", all().stream().map(Answered::millis).toList());
        kinds.forEach((kind, millis) -> text.append(row(kind, millis)));
        return text.toString();
    }

    private List<Answered> all() {
        return seconds.stream().flatMap(second -> second.answered().stream()).toList();
    }

    private static String row(String kind, List<Double> millis) {
        if (millis.isEmpty()) {
            return "";
        }
        Distribution values = new Distribution("ms", millis);
        return String.format(
                Locale.ROOT,
                "| %s | %d | %.0f | %.0f | %.0f | %.0f |%n",
                kind,
                values.n(),
                values.p50(),
                values.percentile(95),
                values.percentile(99),
                values.max());
    }
}
