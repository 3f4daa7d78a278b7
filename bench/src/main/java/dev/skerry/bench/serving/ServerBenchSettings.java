package dev.skerry.bench.serving;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a run does.
 *
 * @param rounds values of each side where sandboxes are made; other numbers grow with it
 * @param callers numbers of callers at a time
 * @param streams at a time
 * @param listed sandboxes that are there when they are listed
 * @param parts of the run, by their names; empty means all
 */
record ServerBenchSettings(
        int warmups, int rounds, List<Integer> callers, int streams, int listed, Set<String> parts, Path output) {
    ServerBenchSettings {
        callers = List.copyOf(callers);
        parts = Set.copyOf(parts);
    }

    static ServerBenchSettings usual(boolean quick, Set<String> parts, Path output) {
        return quick
                ? new ServerBenchSettings(3, 10, List.of(1, 8, 64), 50, 2_000, parts, output)
                : new ServerBenchSettings(10, 50, List.of(1, 8, 64), 500, 100_000, parts, output);
    }

    boolean wants(String part) {
        return parts.isEmpty() || parts.contains(part);
    }
}
