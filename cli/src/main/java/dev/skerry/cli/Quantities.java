package dev.skerry.cli;

import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.Quantity;
import java.time.Duration;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Options that are sizes, times and CPUs ({@link Quantity}), or levels of isolation. */
final class Quantities {
    private Quantities() {}

    /** See {@link Quantity#bytes}. */
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return converted(text, Quantity::bytes);
        }
    }

    /** The number of an event, which is no size. */
    static final class Sequence implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return Long.valueOf(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is not a number");
            }
        }
    }

    /** See {@link Quantity#time}. */
    static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return converted(text, Quantity::time);
        }
    }

    /** See {@link Launcher#parse}. */
    static final class LauncherName implements ITypeConverter<Launcher> {
        @Override
        public Launcher convert(String text) {
            return converted(text, Launcher::parse);
        }
    }

    /** See {@link Isolation#parse}. */
    static final class Level implements ITypeConverter<Isolation> {
        @Override
        public Isolation convert(String text) {
            return converted(text, Isolation::parse);
        }
    }

    /** See {@link Quantity#cpuMillis}. */
    static final class Cpus implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return converted(text, Quantity::cpuMillis);
        }
    }

    static <T> T converted(String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (Failure e) {
            throw new TypeConversionException(
                    e.getMessage() + e.hint().map(hint -> "; " + hint).orElse(""));
        }
    }
}
