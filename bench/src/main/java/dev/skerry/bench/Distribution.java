package dev.skerry.bench;

import java.util.Arrays;
import java.util.List;

/**
 * All values of one measurement, in the order in which they were taken.
 *
 * @param unit of the values: {@code ms}, {@code MB/s}, {@code KiB}, {@code 1/s}
 */
public record Distribution(String unit, List<Double> values) {
    public Distribution {
        values = List.copyOf(values);
        if (values.isEmpty()) {
            throw new IllegalArgumentException("a distribution needs at least one value");
        }
    }

    public Distribution(String unit, double[] values) {
        this(unit, Arrays.stream(values).boxed().toList());
    }

    public int n() {
        return values.size();
    }

    /** The smallest value that at least {@code percent} of the values do not exceed (nearest rank). */
    public double percentile(double percent) {
        List<Double> sorted = values.stream().sorted().toList();
        int rank = (int) Math.ceil(percent / 100 * sorted.size());
        return sorted.get(Math.max(0, rank - 1));
    }

    public double p50() {
        return percentile(50);
    }

    public double min() {
        return percentile(0);
    }

    public double max() {
        return percentile(100);
    }
}
