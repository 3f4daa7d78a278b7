package dev.skerry.server.settings;

import dev.skerry.wire.Quantity;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What Piston's configuration limits, under Piston's names. Times are milliseconds, sizes bytes. */
public enum PistonLimit {
    COMPILE_TIMEOUT(Unit.MILLIS, 10_000, "Time that compiling may take."),
    RUN_TIMEOUT(Unit.MILLIS, 3_000, "Time that a run may take."),
    COMPILE_CPU_TIME(Unit.MILLIS, 10_000, "CPU time that compiling may take."),
    RUN_CPU_TIME(Unit.MILLIS, 3_000, "CPU time that a run may take."),
    COMPILE_MEMORY_LIMIT(Unit.BYTES_OR_NONE, -1, "Memory of compiling; none: what the tenant may have at most."),
    RUN_MEMORY_LIMIT(Unit.BYTES_OR_NONE, -1, "Memory of a run; none: what the tenant may have at most."),
    OUTPUT_MAX_SIZE(Unit.BYTES, 64 << 10, "What a stage may write to stdout, and to stderr (strict: 1024)."),
    MAX_PROCESS_COUNT(Unit.COUNT, 64, "Tasks of a stage."),
    MAX_OPEN_FILES(Unit.COUNT, 2_048, "Open files of one process."),
    MAX_FILE_SIZE(Unit.BYTES, 10_000_000, "Size of a file that a program writes.");

    /** What stands for no limit in a settings file. */
    static final String NONE = "none";

    private final Unit unit;
    private final long standard;
    private final String meaning;

    private enum Unit {
        MILLIS,
        BYTES,
        BYTES_OR_NONE,
        COUNT
    }

    PistonLimit(Unit unit, long standard, String meaning) {
        this.unit = unit;
        this.standard = standard;
        this.meaning = meaning;
    }

    /** As Piston's environment and requests have it: {@code run_timeout}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<PistonLimit> of(String label) {
        return Arrays.stream(values())
                .filter(limit -> limit.label().equals(label))
                .findFirst();
    }

    /** In our settings: {@code piston.run-timeout}. */
    public String setting() {
        return PistonKeys.TABLE + label().replace('_', '-');
    }

    public long standard() {
        return standard;
    }

    String meaning() {
        return meaning;
    }

    boolean isCount() {
        return unit == Unit.COUNT;
    }

    long parse(String text) {
        return switch (unit) {
            case MILLIS -> Quantity.time(text).toMillis();
            case BYTES -> Quantity.bytes(text);
            case BYTES_OR_NONE -> text.equals(NONE) ? -1 : Quantity.bytes(text);
            case COUNT -> throw new IllegalStateException(this + " is a number");
        };
    }

    /** As {@link #parse} reads it. */
    public String text(long value) {
        return switch (unit) {
            case MILLIS -> Quantity.ofTime(Duration.ofMillis(value));
            case BYTES, BYTES_OR_NONE -> value <= 0 ? NONE : bytes(value);
            case COUNT -> String.valueOf(value);
        };
    }

    /** In words only where they say it exactly. */
    private static String bytes(long value) {
        String words = Quantity.ofBytes(value);
        return Quantity.bytes(words) == value ? words : String.valueOf(value);
    }
}
