package dev.skerry.bench;

import java.util.Arrays;

/**
 * All values of one measurement, in the order in which they were taken.
 *
 * @param unit of the values: {@code ms}, {@code MB/s}, {@code KiB}, {@code 1/s}
 */
public record Distribution(String unit, double[] values) {
    public Distribution {
        values = values.clone();
        if (values.length == 0) {
            throw new IllegalArgumentException("a distribution needs at least one value");
        }
    }

    @Override
    public double[] values() {
        return values.clone();
    }

    public int n() {
        return values.length;
    }

    /** The smallest value that at least {@code percent} of the values do not exceed (nearest rank). */
    public double percentile(double percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.max(0, rank - 1)];
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
