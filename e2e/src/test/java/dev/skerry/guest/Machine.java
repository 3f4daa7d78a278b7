package dev.skerry.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** It has no network. It boots, runs the unit {@code skerry-tests} and powers itself off. */
abstract class Machine {
    private static final int RESULTS_BYTES = 64 << 20;
    private static final Duration UNPACK_BOUND = Duration.ofMinutes(1);

    final DebianImage debian;
    final Payload payload;
    final Path work;

    Machine(DebianImage debian, Payload payload, Path work) {
        this.debian = debian;
        this.payload = payload;
        this.work = work;
    }

    /** What it printed on its console. */
    final Path console() {
        return work.resolve("console.log");
    }

    /**
     * Runs it until it powers off.
     *
     * @return the folder of results
     */
    final Path run(Duration bound) throws IOException, InterruptedException {
        Path disk = work.resolve("results.img");
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(RESULTS_BYTES);
        }
        boot(disk, bound);
        Path results = Files.createDirectory(work.resolve("results"));
        Tool.TAR.run(work.resolve("tar.log"), UNPACK_BOUND, List.of("-C", results.toString(), "-xf", disk.toString()));
        return results;
    }

    /** @param results the disk that gets the archive of results */
    abstract void boot(Path results, Duration bound) throws IOException, InterruptedException;
}
