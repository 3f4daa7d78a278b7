package dev.skerry.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A data folder that tests of several clones on one machine use in turns: each looks for leftovers there, and would
 * take the other's sandboxes for some.
 */
public record ExclusiveFolder(Path path, FileLock lock) {
    /** Waits for its turn, which lasts until this JVM ends. */
    public static ExclusiveFolder of(Path path) {
        try {
            Files.createDirectories(path);
            var channel =
                    FileChannel.open(path.resolve("tests.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return new ExclusiveFolder(path, channel.lock());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
