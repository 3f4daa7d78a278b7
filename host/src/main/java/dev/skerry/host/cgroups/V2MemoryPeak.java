package dev.skerry.host.cgroups;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** A descriptor of {@code memory.peak} that was written to reads the peak since then (cgroup-v2.rst). */
final class V2MemoryPeak implements MemoryPeak {
    private static final int DIGITS_MAX = 24;

    private final Path group;
    private final Optional<RandomAccessFile> own;
    private final long before;

    private V2MemoryPeak(Path group, Optional<RandomAccessFile> own, long before) {
        this.group = group;
        this.own = own;
        this.before = before;
    }

    static V2MemoryPeak begin(Path group) {
        return new V2MemoryPeak(group, reset(peak(group)), ControlFiles.number(peak(group)));
    }

    private static Path peak(Path group) {
        return group.resolve("memory.peak");
    }

    /** Empty where the kernel does not let it be written. */
    private static Optional<RandomAccessFile> reset(Path peak) {
        if (!peak.toFile().canWrite()) {
            return Optional.empty();
        }
        try {
            // Not a channel, which an interrupt would close.
            var file = new RandomAccessFile(peak.toFile(), "rw");
            try {
                file.write('0');
                return Optional.of(file);
            } catch (IOException e) {
                file.close();
                return Optional.empty();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public long bytes() {
        long now = ControlFiles.number(group.resolve("memory.current"));
        if (own.isPresent()) {
            return Math.max(now, read(own.get()));
        }
        long whole = ControlFiles.number(peak(group));
        return whole > before ? whole : now;
    }

    private static long read(RandomAccessFile file) {
        byte[] text = new byte[DIGITS_MAX];
        try {
            file.seek(0);
            int length = file.read(text);
            return length <= 0 ? 0 : Long.parseLong(new String(text, 0, length, StandardCharsets.US_ASCII).strip());
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        try {
            if (own.isPresent()) {
                own.get().close();
            }
        } catch (IOException e) {
            // It was only read from.
        }
    }
}
