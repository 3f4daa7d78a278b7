package dev.skerry.server.backup;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files of a data folder that take the place of others, all or none. They are prepared in one folder; giving it another
 * name decides; then each is moved to its place, and what was there is put aside. Whoever finds a decision that was not
 * carried out to its end does so, before anything else.
 */
public final class Replacement {
    static final String PREPARED = ".restore.part";
    static final String DECIDED = "restoring";
    static final String FRESH = "new";
    static final String LOCK = "restoring.lock";
    private static final String OLD = "old";
    private static final String ASIDE = "replaced-";

    /** SQLite would apply them to whatever database lies beside them. */
    private static final List<String> OF_THE_DATABASE = List.of("skerry.db-wal", "skerry.db-shm", "skerry.db-journal");

    private Replacement() {}

    /**
     * Decides, and carries it out.
     *
     * @return where that is now that was there before
     * @throws IOException when nothing is decided; everything is as it was
     * @throws Failure {@code NO_SPACE} when it is decided and not carried out to its end
     */
    static Optional<Path> decide(Path data) throws IOException {
        return alone(data, () -> {
            Files.move(data.resolve(PREPARED), data.resolve(DECIDED), StandardCopyOption.ATOMIC_MOVE);
            List<String> prepared = waiting(data);
            try {
                PrivateFiles.syncOnly(data);
                return carryOut(data);
            } catch (IOException e) {
                if (begun(data, prepared) || !takenBack(data)) {
                    throw new Failure(
                            ErrorCode.NO_SPACE,
                            "the restoration into " + data + " is decided, and not carried out to its end: " + e,
                            "make the folder writable: the next 'serve' or 'restore' on it finishes it",
                            e);
                }
                throw e;
            }
        });
    }

    private static List<String> waiting(Path data) {
        Path fresh = data.resolve(DECIDED).resolve(FRESH);
        return BackupFile.NAMES_AND_NOTE.stream()
                .filter(name -> Files.exists(fresh.resolve(name)))
                .toList();
    }

    private static boolean begun(Path data, List<String> prepared) {
        Path old = data.resolve(DECIDED).resolve(OLD);
        boolean aside = Stream.concat(OF_THE_DATABASE.stream(), BackupFile.NAMES_AND_NOTE.stream())
                .anyMatch(name -> Files.exists(old.resolve(name), LinkOption.NOFOLLOW_LINKS));
        return aside || !waiting(data).equals(prepared);
    }

    private static boolean takenBack(Path data) {
        try {
            Files.move(data.resolve(DECIDED), data.resolve(PREPARED), StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Carries out what was decided and interrupted. For whoever is about to use the folder.
     *
     * @return whether there was something
     */
    public static boolean finish(Path data) {
        if (!Files.exists(data.resolve(DECIDED))) {
            return false;
        }
        try {
            Optional<Path> _ = alone(data, () -> carryOut(data));
            return true;
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "a backup that was being restored into " + data + " cannot be put into its place: " + e,
                    "make the folder writable, and try again",
                    e);
        }
    }

    private interface Step {
        Optional<Path> run() throws IOException;
    }

    /** Servers that share a folder may start at once. */
    private static Optional<Path> alone(Path data, Step step) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        data.resolve(LOCK),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                FileLock _ = channel.lock()) {
            return step.run();
        }
    }

    private static Optional<Path> carryOut(Path data) throws IOException {
        Path decided = data.resolve(DECIDED);
        if (!Files.exists(decided)) {
            return Optional.empty();
        }
        Path fresh = decided.resolve(FRESH);
        Path old = decided.resolve(OLD);
        PrivateFiles.folders(old);
        for (String name : BackupFile.NAMES_AND_NOTE) {
            if (Files.exists(fresh.resolve(name))) {
                if (name.equals(BackupFile.DATABASE)) {
                    for (String part : OF_THE_DATABASE) {
                        putAside(data, old, part);
                    }
                }
                putAside(data, old, name);
                Files.createDirectories(data.resolve(name).getParent());
                Files.move(fresh.resolve(name), data.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        syncPlaces(data);
        PrivateFiles.delete(fresh);
        return settle(data, decided, old);
    }

    private static void putAside(Path data, Path old, String name) throws IOException {
        if (Files.exists(data.resolve(name))) {
            PrivateFiles.folders(old.resolve(name).getParent());
            Files.move(data.resolve(name), old.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void syncPlaces(Path data) throws IOException {
        PrivateFiles.syncOnly(data);
        if (Files.exists(data.resolve("tls"))) {
            PrivateFiles.syncOnly(data.resolve("tls"));
        }
    }

    private static Optional<Path> settle(Path data, Path decided, Path old) throws IOException {
        if (PrivateFiles.children(old).isEmpty()) {
            PrivateFiles.delete(decided);
            PrivateFiles.syncOnly(data);
            return Optional.empty();
        }
        int number = 1;
        while (Files.exists(data.resolve(ASIDE + number))) {
            number++;
        }
        Path aside = data.resolve(ASIDE + number);
        Files.move(decided, aside, StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.syncOnly(data);
        return Optional.of(aside.resolve(OLD));
    }
}
