package dev.skerry.cli;

import dev.skerry.host.jobs.Language;
import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PackageLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A folder of packages, to put more into. Archives are named after what is in them, and are there before the index
 * names them: whoever reads it at any time finds what it says. One command at a time works in a folder.
 */
final class PackageShelf implements AutoCloseable {
    private static final int DIGITS = 12;

    private final Path folder;
    private final Path making;
    private final LockFile lock;

    private PackageShelf(Path folder, LockFile lock) {
        this.folder = folder;
        this.making = folder.resolve(".making");
        this.lock = lock;
    }

    /** What was put there. */
    record Placed(String archive, long bytes) {}

    /**
     * @throws Failure {@code INVALID_REQUEST} when there is no such folder, {@code CONFLICT} when another command works
     *     in it
     */
    static PackageShelf open(Path given) {
        Path folder = given.toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "there is no folder '" + folder + "'",
                    "mkdir -p " + folder + "; the server's setting 'piston.packages' names it");
        }
        try {
            LockFile lock = LockFile.tryAcquire(folder.resolve(".lock"), LockFile.Kind.EXCLUSIVE)
                    .orElseThrow(() -> new Failure(
                            ErrorCode.CONFLICT,
                            "another 'packages make' works in " + folder,
                            "wait for it, or name another folder"));
            PackageShelf shelf = new PackageShelf(folder, lock);
            Files.createDirectories(shelf.cache());
            return shelf;
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    Path folder() {
        return folder;
    }

    /** Where an archive is made. */
    Path draft() {
        return making.resolve("archive.tar");
    }

    /** For what it is made of. */
    Path work() {
        return making.resolve("work");
    }

    /** For what is fetched; it goes when this is closed. */
    Path cache() {
        return making.resolve("fetched");
    }

    /** Takes {@link #draft} into the folder, and its languages into the index. */
    Placed place(String name, String sha256, Map<Language, String> versions) {
        String version = versions.values().iterator().next();
        String archive = name + "-" + version + "-" + sha256.substring(0, DIGITS) + ".tar";
        List<PackageLine> lines = versions.entrySet().stream()
                .map(each -> new PackageLine(each.getKey().label(), each.getValue(), sha256, archive))
                .toList();
        try {
            Path file = Files.move(draft(), folder.resolve(archive), StandardCopyOption.ATOMIC_MOVE);
            for (String gone : index(lines)) {
                Files.deleteIfExists(folder.resolve(gone));
            }
            return new Placed(archive, Files.size(file));
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    /** @return archives that it named until now */
    private Set<String> index(List<PackageLine> fresh) throws IOException {
        Path index = folder.resolve(PackageLine.INDEX);
        List<String> kept = new ArrayList<>();
        Set<String> replaced = new TreeSet<>();
        Set<String> named = new TreeSet<>();
        for (String text :
                Files.exists(index) ? Files.readAllLines(index) : List.of("# language,version,sha256,archive")) {
            PackageLine.parse(text)
                    .filter(line -> fresh.stream().anyMatch(line::replaces))
                    .ifPresentOrElse(line -> replaced.add(line.archive()), () -> kept.add(text));
        }
        fresh.forEach(line -> kept.add(line.text()));
        kept.forEach(text -> PackageLine.parse(text).ifPresent(line -> named.add(line.archive())));
        Path draft = making.resolve(PackageLine.INDEX);
        Files.write(draft, kept);
        Files.move(draft, index, StandardCopyOption.ATOMIC_MOVE);
        replaced.removeAll(named);
        return replaced;
    }

    private static Failure failure(Path folder, IOException cause) {
        return String.valueOf(cause.getMessage()).contains("No space left on device")
                ? new Failure(ErrorCode.NO_SPACE, "the disk of " + folder + " is full", "free some space", cause)
                : new Failure(ErrorCode.UNSUPPORTED, "the folder of packages cannot be written: " + cause, cause);
    }

    /** What is there besides is removed by the next that makes something. */
    @Override
    public void close() {
        try (lock) {
            removeFiles(cache());
            removeFiles(making);
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private static void removeFiles(Path from) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                if (Files.isRegularFile(file)) {
                    Files.delete(file);
                }
            }
        }
        try (Stream<Path> left = Files.list(from)) {
            if (left.findAny().isEmpty()) {
                Files.delete(from);
            }
        }
    }
}
