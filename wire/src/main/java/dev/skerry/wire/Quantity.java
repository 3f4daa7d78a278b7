package dev.skerry.wire;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How sizes, times and CPUs are written by people: on the command line, in the settings, in answers. */
public final class Quantity {
    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,9})?)\\s*([a-zA-Z]*)");
    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);

    /** A hundred years: what is longer does not fit into the nanoseconds that clocks count in. */
    private static final Duration TIME_MAX = Duration.ofDays(36_500);

    private Quantity() {}

    /** {@code 1048576}, {@code 512k}, {@code 512m}, {@code 1.5g}, {@code 512MiB}: bytes in powers of 1024. */
    public static long bytes(String text) {
        return scaled(
                text,
                switch (unit(text, "a size", "512m or 1g")) {
                    case "", "b" -> 1L;
                    case "k", "kb", "kib" -> 1L << 10;
                    case "m", "mb", "mib" -> 1L << 20;
                    case "g", "gb", "gib" -> 1L << 30;
                    case "t", "tb", "tib" -> 1L << 40;
                    default -> throw wrong(text, "a size", "512m or 1g");
                });
    }

    /** {@code 10s}, {@code 1500ms}, {@code 2m}, {@code 1h}, {@code 30d}, and plain seconds. */
    public static Duration time(String text) {
        Duration value = Duration.ofMillis(scaled(
                text,
                switch (unit(text, "a time", "10s or 1500ms")) {
                    case "ms" -> 1L;
                    case "", "s" -> 1000L;
                    case "m", "min" -> 60_000L;
                    case "h" -> 3_600_000L;
                    case "d" -> 86_400_000L;
                    default -> throw wrong(text, "a time", "10s or 1500ms");
                }));
        if (!value.isPositive()) {
            throw wrong(text, "a time above zero", "10s or 1500ms");
        }
        if (value.compareTo(TIME_MAX) > 0) {
            throw wrong(text, "a time of at most 36500d", "10s or 1500ms");
        }
        return value;
    }

    /** {@code 2}, {@code 0.5}: thousandths of a CPU. */
    public static int cpuMillis(String text) {
        if (!unit(text, "a number of CPUs", "0.5 or 2").isEmpty()) {
            throw wrong(text, "a number of CPUs", "0.5 or 2");
        }
        BigDecimal millis = new BigDecimal(text.strip()).multiply(THOUSAND);
        if (millis.compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
            throw wrong(text, "a number of CPUs of at most 1000", "0.5 or 2");
        }
        return millis.setScale(0, RoundingMode.HALF_UP).intValueExact();
    }

    private static String unit(String text, String what, String example) {
        return match(text, what, example).group(2).toLowerCase(Locale.ROOT);
    }

    private static Matcher match(String text, String what, String example) {
        Matcher matcher = NUMBER.matcher(text.strip());
        if (!matcher.matches()) {
            throw wrong(text, what, example);
        }
        return matcher;
    }

    private static long scaled(String text, long factor) {
        BigDecimal value = new BigDecimal(match(text, "a number", "10").group(1)).multiply(BigDecimal.valueOf(factor));
        if (value.compareTo(BigDecimal.valueOf(1L << 60)) > 0) {
            throw wrong(text, "a number that fits", "512m");
        }
        return value.setScale(0, RoundingMode.HALF_UP).longValueExact();
    }

    private static Failure wrong(String text, String what, String example) {
        return new Failure(ErrorCode.INVALID_REQUEST, "'" + text + "' is not " + what + "; write " + example);
    }

    /** {@code 67108864} as {@code 64 MiB}. */
    public static String ofBytes(long bytes) {
        String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        String digits = value == Math.rint(value) ? Long.toString((long) value) : "%.1f".formatted(value);
        return digits + " " + units[unit];
    }

    /** {@code 1500} milliseconds as {@code 1.5 s}. */
    public static String ofTime(Duration time) {
        long millis = time.toMillis();
        if (millis < 1000) {
            return millis + " ms";
        }
        if (millis < 120_000) {
            return new BigDecimal(millis)
                            .divide(THOUSAND, 3, RoundingMode.HALF_UP)
                            .stripTrailingZeros()
                            .toPlainString() + " s";
        }
        if (millis % 86_400_000 == 0 && millis > 86_400_000) {
            return millis / 86_400_000 + " d";
        }
        return millis / 60_000 + " min" + (millis % 60_000 / 1000 == 0 ? "" : " " + millis % 60_000 / 1000 + " s");
    }
}
