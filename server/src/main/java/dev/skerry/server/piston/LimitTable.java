package dev.skerry.server.piston;

import dev.skerry.server.settings.PistonLimit;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.StageLimits;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * What a request's limits come to, for one language and one tenant. What Piston takes for no limit (0 and less) is the
 * most that this tenant may have.
 *
 * @param memoryBytesMax of the tenant
 * @param outputBytesMax replaces the configured limit of output; 0 or less: it does not
 */
record LimitTable(PistonSettings settings, String language, long memoryBytesMax, long outputBytesMax) {
    /** Where neither a request nor the settings say less. */
    static final Duration TIME_MAX = Duration.ofMinutes(10);

    private static final long OUTPUT_BYTES_MAX = 16L << 20;
    private static final int PROCESSES_MAX = 1024;

    /** A limit that requests may state, in the order in which Piston checks them. */
    enum Stated {
        COMPILE_MEMORY(PistonLimit.COMPILE_MEMORY_LIMIT),
        RUN_MEMORY(PistonLimit.RUN_MEMORY_LIMIT),
        COMPILE_WALL(PistonLimit.COMPILE_TIMEOUT),
        RUN_WALL(PistonLimit.RUN_TIMEOUT),
        COMPILE_CPU(PistonLimit.COMPILE_CPU_TIME),
        RUN_CPU(PistonLimit.RUN_CPU_TIME);

        private final PistonLimit limit;

        Stated(PistonLimit limit) {
            this.limit = limit;
        }
    }

    private long configured(PistonLimit limit) {
        return settings.limit(language, limit);
    }

    /** @throws Failure {@code INVALID_REQUEST}, in Piston's words */
    void check(JsonNode body) {
        for (Stated stated : Stated.values()) {
            String name = stated.limit.label();
            JsonNode value = body.get(name);
            if (Js.falsy(value)) {
                continue;
            }
            if (!value.isNumber()) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "If specified, " + name + " must be a number");
            }
            long most = configured(stated.limit);
            if (most <= 0) {
                continue;
            }
            if (Js.number(value) > most) {
                throw new Failure(ErrorCode.INVALID_REQUEST, name + " cannot exceed the configured limit of " + most);
            }
            if (Js.number(value) < 0) {
                throw new Failure(ErrorCode.INVALID_REQUEST, name + " must be non-negative");
            }
        }
    }

    StageLimits compile(JsonNode body) {
        // Compilers write more than programs may: a binary with its debug data. The sandbox's disk bounds it.
        return stage(body, Stated.COMPILE_WALL, Stated.COMPILE_CPU, Stated.COMPILE_MEMORY, OptionalLong.empty());
    }

    StageLimits run(JsonNode body) {
        return stage(body, Stated.RUN_WALL, Stated.RUN_CPU, Stated.RUN_MEMORY, bytes(PistonLimit.MAX_FILE_SIZE));
    }

    private StageLimits stage(JsonNode body, Stated wall, Stated cpu, Stated memory, OptionalLong fileBytes) {
        return new StageLimits(
                time(body, wall),
                time(body, cpu),
                OptionalLong.of(atMost(stated(body, memory), memoryBytesMax)),
                outputBytesMax > 0 ? outputBytesMax : atMost(configured(PistonLimit.OUTPUT_MAX_SIZE), OUTPUT_BYTES_MAX),
                OptionalInt.of((int) atMost(configured(PistonLimit.MAX_PROCESS_COUNT), PROCESSES_MAX)),
                counted(PistonLimit.MAX_OPEN_FILES),
                fileBytes);
    }

    private Duration time(JsonNode body, Stated stated) {
        long configured = configured(stated.limit);
        long most = atMost(configured, TIME_MAX.toMillis());
        return Duration.ofMillis(atMost(stated(body, stated), most));
    }

    /** As {@code value ?? configured}, in whole units; what is no number was falsy. */
    private long stated(JsonNode body, Stated stated) {
        JsonNode value = body.get(stated.limit.label());
        if (Js.absent(value)) {
            return configured(stated.limit);
        }
        return value.isNumber() ? (long) Math.ceil(Js.number(value)) : 0;
    }

    /** Nothing is 0: that would be no limit somewhere below. */
    private static long atMost(long value, long most) {
        return value <= 0 || value > most ? most : value;
    }

    private OptionalInt counted(PistonLimit limit) {
        long value = configured(limit);
        return value <= 0 ? OptionalInt.empty() : OptionalInt.of((int) Math.min(value, Integer.MAX_VALUE));
    }

    private OptionalLong bytes(PistonLimit limit) {
        long value = configured(limit);
        return value <= 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
