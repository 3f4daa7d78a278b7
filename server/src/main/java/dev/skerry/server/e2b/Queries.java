package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.SandboxQuery.Visible;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Parameters of queries, each refused by its name when it is not what it should be. */
final class Queries {
    /** The last second of the year 9999. */
    private static final long SECONDS_MAX = 253_402_300_799L;

    private Queries() {}

    static Optional<String> text(Exchange exchange, String name) {
        return exchange.query(name).filter(value -> !value.isEmpty());
    }

    static long number(Exchange exchange, String name, long least, long most, long otherwise) {
        return number(exchange, name, least, most).orElse(otherwise);
    }

    static Optional<Long> number(Exchange exchange, String name, long least, long most) {
        return text(exchange, name).map(value -> {
            try {
                long number = Long.parseLong(value);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw wrong(name, value, "a whole number from " + least + " to " + most);
        });
    }

    static int limit(Exchange exchange, int least, int most, int otherwise) {
        return Math.toIntExact(number(exchange, "limit", least, most, otherwise));
    }

    /** Seconds since 1970. */
    static Optional<Instant> seconds(Exchange exchange, String name) {
        return number(exchange, name, 0, SECONDS_MAX).map(Instant::ofEpochSecond);
    }

    /** Milliseconds since 1970. */
    static Optional<Instant> millis(Exchange exchange, String name) {
        return number(exchange, name, 0, SECONDS_MAX * 1000).map(Instant::ofEpochMilli);
    }

    /** ISO 8601 with an offset. */
    static Optional<Instant> time(Exchange exchange, String name) {
        return text(exchange, name).map(value -> {
            try {
                // A plus that the client has not encoded has become a space.
                Instant time = OffsetDateTime.parse(value.replace(' ', '+')).toInstant();
                if (time.getEpochSecond() >= 0 && time.getEpochSecond() <= SECONDS_MAX) {
                    return time;
                }
            } catch (DateTimeException e) {
                // Said below.
            }
            throw wrong(name, value, "a time since 1970 with its offset, as in 2026-01-31T12:00:00Z");
        });
    }

    /** One of two words, in any case; true for the first. */
    static boolean either(Exchange exchange, String name, String yes, String no, boolean otherwise) {
        return text(exchange, name)
                .map(value -> {
                    String word = value.toLowerCase(Locale.ROOT);
                    if (!word.equals(yes) && !word.equals(no)) {
                        throw wrong(name, value, "'" + yes + "' or '" + no + "'");
                    }
                    return word.equals(yes);
                })
                .orElse(otherwise);
    }

    /** The place of a word among those that are allowed. */
    static int word(Exchange exchange, String name, List<String> allowed, String otherwise) {
        String value = text(exchange, name).orElse(otherwise);
        if (!allowed.contains(value)) {
            throw wrong(name, value, "one of " + String.join(", ", allowed));
        }
        return allowed.indexOf(value);
    }

    /** One of the words that a list of constants has in lower case. */
    static <E extends Enum<E>> Optional<E> one(Exchange exchange, String name, E[] constants) {
        return text(exchange, name).map(value -> constant(name, value, constants));
    }

    /** Some of them, separated by commas, or repeated, or both. */
    static <E extends Enum<E>> Set<E> some(Exchange exchange, String name, E[] constants) {
        return list(exchange, name).stream()
                .map(value -> constant(name, value, constants))
                .collect(Collectors.toSet());
    }

    private static <E extends Enum<E>> E constant(String name, String value, E[] constants) {
        return Arrays.stream(constants)
                .filter(one -> one.name().equalsIgnoreCase(value))
                .findFirst()
                .orElseThrow(() -> wrong(
                        name,
                        value,
                        "one of "
                                + Arrays.stream(constants)
                                        .map(one -> one.name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", "))));
    }

    /** Separated by commas, or repeated, or both. */
    static List<String> list(Exchange exchange, String name) {
        return exchange.queries(name).stream()
                .flatMap(value -> Arrays.stream(value.split(",", -1)))
                .filter(value -> !value.isEmpty())
                .toList();
    }

    static Set<Visible> states(Exchange exchange) {
        Set<Visible> found = EnumSet.noneOf(Visible.class);
        for (String value : list(exchange, "state")) {
            switch (value) {
                case "running" -> found.add(Visible.RUNNING);
                case "paused" -> found.add(Visible.PAUSED);
                default -> throw wrong("state", value, "'running', 'paused' or both with a comma between them");
            }
        }
        return found;
    }

    private static Failure wrong(String name, String value, String wanted) {
        return new Failure(
                ErrorCode.INVALID_REQUEST, "'" + name + "' must be " + wanted + ", not '" + Quoted.of(value) + "'");
    }
}
