package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Option;

/** The quotas of a tenant: each a number, {@code none} for no limit, {@code default} for what the settings say. */
final class QuotaOptions {
    private static final String NONE = "none";
    private static final String DEFAULT = "default";
    private static final long NO_LIMIT = -1;

    @Option(
            names = "--sandboxes",
            paramLabel = "NUMBER",
            description = "Sandboxes that run; each quota may be 'none', or 'default' for what the settings say.")
    private Optional<String> sandboxes = Optional.empty();

    @Option(names = "--cpus", paramLabel = "CPUS", description = "CPUs of all that run, as 8 or 2.5.")
    private Optional<String> cpus = Optional.empty();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Memory of all that run or are paused with their memory, as 16g.")
    private Optional<String> memory = Optional.empty();

    @Option(names = "--disk", paramLabel = "SIZE", description = "Disk of all that have not ended, as 100g.")
    private Optional<String> disk = Optional.empty();

    @Option(names = "--creates-per-second", paramLabel = "NUMBER", description = "New sandboxes in a second.")
    private Optional<String> creates = Optional.empty();

    @Option(names = "--jobs", paramLabel = "NUMBER", description = "Jobs that run at a time.")
    private Optional<String> jobs = Optional.empty();

    /** Those that were given; null is the default. */
    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        put(body, "sandboxes", sandboxes, QuotaOptions::count);
        put(body, "cpuMillis", cpus, Quantity::cpuMillis);
        put(body, "memoryBytes", memory, Quantity::bytes);
        put(body, "diskBytes", disk, Quantity::bytes);
        put(body, "createsPerSecond", creates, QuotaOptions::count);
        put(body, "jobs", jobs, QuotaOptions::count);
        return body;
    }

    private static void put(
            Map<String, Object> body, String field, Optional<String> given, ToLongFunction<String> parser) {
        given.ifPresent(text -> body.put(
                field,
                switch (text) {
                    case NONE -> NO_LIMIT;
                    case DEFAULT -> null;
                    default -> parser.applyAsLong(text);
                }));
    }

    private static long count(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'" + text + "' is not a number", "write as 20, 'none' or 'default'");
        }
        return Long.parseLong(text);
    }
}
