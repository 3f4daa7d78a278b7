package dev.skerry.bench;

import java.util.Locale;

/**
 * What is promised of a number, and whether the run kept it.
 *
 * @param what the number
 * @param promised in words, with what it is measured against
 * @param bound what that came to in the same run
 * @param unit of bound and measured; may be empty
 * @param most whether the bound is the most that it may be; else it is the least
 */
public record Promise(String what, String promised, double bound, double measured, String unit, boolean most) {
    public static Promise atMost(String what, String promised, double bound, double measured, String unit) {
        return new Promise(what, promised, bound, measured, unit, true);
    }

    public static Promise atLeast(String what, String promised, double bound, double measured, String unit) {
        return new Promise(what, promised, bound, measured, unit, false);
    }

    public boolean kept() {
        return most ? measured <= bound : measured >= bound;
    }

    /** A row of a table. */
    String row() {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s %s | %s | %s |%n",
                what,
                promised,
                most ? "≤" : "≥",
                with(bound),
                with(measured),
                kept() ? "yes" : "**no**");
    }

    private String with(double value) {
        return (Report.shortened(value) + " " + unit).strip();
    }
}
