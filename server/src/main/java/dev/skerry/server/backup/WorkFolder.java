package dev.skerry.server.backup;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where one backup is written, beside its file: nobody else can look into it, a lock that ends with its process says
 * that it is in use, and what one has left that was killed is removed by the next that is written beside it.
 */
final class WorkFolder implements AutoCloseable {
    static final Path FILES = Path.of("files");
    static final Path WHOLE = Path.of("whole");
    static final Path REHEARSAL = Path.of("rehearsal");

    private static final String LOCK = "lock";
    private static final String ENDING = ".part";
    private static final List<Path> CONTENT = List.of(FILES, WHOLE, REHEARSAL);

    private final Path path;
    private final FileChannel channel;

    private WorkFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * It is empty. What others have left in the folder of the file is removed.
     *
     * @throws Failure {@code CONFLICT} when it is in use, or not ours
     */
    static WorkFolder open(Path file) throws IOException {
        Path path = file.resolveSibling("." + file.getFileName() + ENDING);
        try {
            Files.createDirectory(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            // Ours, perhaps.
        }
        if (!PrivateFiles.own(path)) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    path + " is not a folder that only its owner, who runs this, can open",
                    "look who made it and remove it, or write to a folder that nobody else can write to");
        }
        WorkFolder folder = lock(path, StandardOpenOption.CREATE)
                .orElseThrow(() -> new Failure(
                        ErrorCode.CONFLICT,
                        "another process is writing the backup " + file,
                        "wait for it, or name another file"));
        try {
            folder.clear();
            removeLeftBehind(path);
            return folder;
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    Path resolve(Path part) {
        return path.resolve(part);
    }

    private static Optional<WorkFolder> lock(Path path, StandardOpenOption... options) throws IOException {
        Set<StandardOpenOption> all = new HashSet<>(Set.of(options));
        all.add(StandardOpenOption.WRITE);
        FileChannel channel = FileChannel.open(
                path.resolve(LOCK),
                all,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        if (tryLock(channel) == null) {
            channel.close();
            return Optional.empty();
        }
        return Optional.of(new WorkFolder(path, channel));
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private void clear() throws IOException {
        for (Path part : CONTENT) {
            PrivateFiles.delete(resolve(part));
        }
    }

    private static void removeLeftBehind(Path own) throws IOException {
        for (Path other : PrivateFiles.children(own.getParent())) {
            String name = other.getFileName().toString();
            if (!other.equals(own) && name.startsWith(".") && name.endsWith(ENDING)) {
                try {
                    removeIfLeft(other);
                } catch (NoSuchFileException e) {
                    // Its own process has removed it, or it is something else.
                }
            }
        }
    }

    /** One without content may be of a process that is just about to lock it. */
    private static void removeIfLeft(Path other) throws IOException {
        if (PrivateFiles.own(other)
                && Files.exists(other.resolve(LOCK))
                && CONTENT.stream().anyMatch(part -> Files.exists(other.resolve(part)))) {
            Optional<WorkFolder> left = lock(other);
            if (left.isPresent()) {
                left.get().close();
            }
        }
    }

    /** Removes it. */
    @Override
    public void close() throws IOException {
        try (channel) {
            clear();
            PrivateFiles.delete(path);
        }
    }
}
