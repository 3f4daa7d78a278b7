package dev.skerry.host.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * CLOCK_BOOTTIME in milliseconds: deadlines are kept on it, since it neither jumps with the wall clock nor stops in a
 * suspend. {@code /proc/uptime} has it in hundredths of a second (proc(5)).
 */
public final class BootClock implements LongSupplier {
    @Override
    public long getAsLong() {
        try {
            String text = Files.readString(Path.of("/proc/uptime"));
            return new BigDecimal(text.substring(0, text.indexOf(' ')))
                    .movePointRight(3)
                    .longValueExact();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
