package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Names of living sandboxes: one symbolic link each, from the name to the run folder's name. Making one is atomic. */
final class SandboxNames {
    private final Path folder;

    SandboxNames(Path folder) {
        this.folder = folder;
    }

    void claim(Optional<String> name, String runFolder) {
        if (name.isEmpty()) {
            return;
        }
        try {
            Files.createDirectories(folder);
            Files.createSymbolicLink(folder.resolve(name.get()), Path.of(runFolder));
        } catch (FileAlreadyExistsException e) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "a sandbox named '" + name.get() + "' exists",
                    "'skerry attach " + name.get() + "' picks it up, 'skerry kill " + name.get() + "' ends it",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Optional<String> find(String name) {
        if (!name.matches("[a-z0-9][a-z0-9_.-]{0,62}")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readSymbolicLink(folder.resolve(name)).toString());
        } catch (NoSuchFileException | NotLinkException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Frees whatever name leads to that run folder. */
    void release(String runFolder) {
        try (Stream<Path> links = Files.list(folder)) {
            for (Path link : links.toList()) {
                if (find(link.getFileName().toString()).equals(Optional.of(runFolder))) {
                    Files.deleteIfExists(link);
                }
            }
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
