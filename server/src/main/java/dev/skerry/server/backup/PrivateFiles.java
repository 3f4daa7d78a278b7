package dev.skerry.server.backup;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Files and folders that only their owner can read, synced when somebody relies on them. */
final class PrivateFiles {
    private PrivateFiles() {}

    static OutputStream create(Path file) throws IOException {
        return Channels.newOutputStream(FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
    }

    static void folders(Path folder) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Whether that is a folder which only we can look into, and no link to one. */
    static boolean own(Path folder) throws IOException {
        Map<String, Object> facts =
                Files.readAttributes(folder, "unix:uid,permissions,isDirectory", LinkOption.NOFOLLOW_LINKS);
        return facts.get("isDirectory").equals(true)
                && facts.get("uid").equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                && facts.get("permissions").equals(PosixFilePermissions.fromString("rwx------"));
    }

    static void copy(Path from, Path to) throws IOException {
        folders(to.getParent());
        try (OutputStream out = create(to)) {
            Files.copy(from, out);
        }
    }

    /** A file, or a folder with all that is in it. */
    static void sync(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            for (Path child : children(path)) {
                sync(child);
            }
        }
        syncOnly(path);
    }

    static void syncOnly(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    /** What is not there is gone. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
