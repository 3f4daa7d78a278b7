package dev.skerry.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file of the host that a sandbox's uids can walk to, read and execute. */
final class PlantedFile implements AutoCloseable {
    private final Path path;

    PlantedFile(String text) {
        try {
            path = Files.createTempFile(Path.of("/var/tmp"), "skerry-planted", "");
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        write(text);
    }

    Path path() {
        return path;
    }

    void write(String text) {
        try {
            Files.writeString(path, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
