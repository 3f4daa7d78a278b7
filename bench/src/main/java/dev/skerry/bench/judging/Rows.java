package dev.skerry.bench.judging;

import dev.skerry.bench.Distribution;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values by the names of their rows, in the order in which the names came. Thread-safe. */
final class Rows {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    synchronized void add(String row, double value) {
        values.computeIfAbsent(row, _ -> new ArrayList<>()).add(value);
    }

    /** Forgets the values, not the order: they were to warm up. */
    synchronized void forget() {
        values.values().forEach(List::clear);
    }

    /** Those that have a value. */
    synchronized Map<String, Distribution> distributions(String unit) {
        Map<String, Distribution> all = new LinkedHashMap<>();
        values.forEach((row, list) -> {
            if (!list.isEmpty()) {
                all.put(row, new Distribution(unit, list));
            }
        });
        return all;
    }
}
