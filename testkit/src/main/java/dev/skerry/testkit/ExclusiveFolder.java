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
    /** Which of the JVMs that run tests of a module at the same time this one is, for a folder of its own. */
    private static final String FORK = System.getProperty("skerry.test.fork", "1");

    /**
     * Waits for its turn, which lasts until this JVM ends.
     *
     * @param name of the folder, to which the number of this JVM is added unless it is the first
     */
    public static ExclusiveFolder of(Path name) {
        Path path = FORK.equals("1") ? name : name.resolveSibling(name.getFileName() + "-" + FORK);
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
