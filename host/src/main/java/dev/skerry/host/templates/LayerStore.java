package dev.skerry.host.templates;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Unpacked layers on disk: {@code layers/<hex>/tree} is the root of a file tree, {@code layers/<hex>/facts} says what
 * is known of it.
 *
 * <p>A layer is made in a {@link Draft} (a folder under {@code layers/.tmp} whose lock its maker holds) and renamed to
 * its final name at the end. So a killed process leaves at most a draft that nobody has locked; the next {@link #open}
 * removes it.
 */
final class LayerStore {
    /** Long enough for the largest image on a slow disk; whoever waits gets the finished layer for nothing. */
    private static final Duration SAME_LAYER_WAIT = Duration.ofMinutes(15);

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    private final Path folder;
    private final Path drafts;
    private final Path locks;

    private LayerStore(Path folder) {
        this.folder = folder;
        this.drafts = folder.resolve(".tmp");
        this.locks = folder.resolve(".locks");
    }

    /**
     * Makes the folders (0700: a layer may hold setuid files owned by the host's root) and sweeps what a crash left.
     */
    static LayerStore open(Path folder) throws IOException {
        var store = new LayerStore(folder);
        makePrivate(folder);
        makePrivate(store.drafts);
        makePrivate(store.locks);
        store.sweep();
        return store;
    }

    static void makePrivate(Path folder) throws IOException {
        var mode = PosixFilePermissions.fromString("rwx------");
        if (Files.isDirectory(folder)) {
            return;
        }
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(mode));
    }

    /** Draft files are named {@code <id>} and {@code <id>.lock}; one that can be locked has no maker any more. */
    private void sweep() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(drafts)) {
            for (Path entry : entries) {
                Path name = drafts.relativize(entry);
                var lockPath = drafts.resolve(name.toString().replaceFirst("\\.lock$", "") + ".lock");
                Optional<LockFile> lock = LockFile.tryAcquire(lockPath, LockFile.Kind.EXCLUSIVE);
                if (lock.isPresent()) {
                    try (var _ = lock.get()) {
                        discard(drafts.resolve(name.toString().replaceFirst("\\.lock$", "")));
                    }
                }
            }
        }
    }

    private static void discard(Path draft) throws IOException {
        if (Files.isDirectory(draft)) {
            Folder.deleteTree(draft);
        }
        Files.deleteIfExists(Path.of(draft + ".lock"));
    }

    Path tree(String hex) {
        return folder.resolve(hex).resolve("tree");
    }

    boolean has(String hex) {
        return Files.isDirectory(tree(hex));
    }

    Path folder() {
        return folder;
    }

    LayerFacts facts(String hex) throws IOException {
        var values = Records.read(folder.resolve(hex).resolve("facts")).orElse(Map.of());
        return new LayerFacts(
                Boolean.parseBoolean(values.getOrDefault("setuid", "false")),
                Long.parseLong(values.getOrDefault("entries", "0")),
                Long.parseLong(values.getOrDefault("bytes", "0")),
                Records.list(values, "note"));
    }

    /** One maker per layer, machine-wide; who waited finds the layer there. */
    LockFile lock(String hex) throws IOException {
        return LockFile.acquire(
                locks.resolve(hex), LockFile.Kind.EXCLUSIVE, SAME_LAYER_WAIT, "another process is making layer " + hex);
    }

    /** Held shared while a template is put together from layers, exclusively while unused layers are removed. */
    LockFile lockAll(LockFile.Kind kind, Duration timeout) throws IOException {
        return LockFile.acquire(locks.resolve("all"), kind, timeout, "another process is changing the template store");
    }

    LockFile lockImport(Duration timeout) throws IOException {
        return LockFile.acquire(
                locks.resolve("import"), LockFile.Kind.EXCLUSIVE, timeout, "another process is importing an image");
    }

    /** {@link #lockAll} exclusively, if nobody is at work. */
    Optional<LockFile> tryLockAll() throws IOException {
        return LockFile.tryAcquire(locks.resolve("all"), LockFile.Kind.EXCLUSIVE);
    }

    Draft begin() throws IOException {
        Optional<LockFile> lock = Optional.empty();
        Path path = drafts;
        while (lock.isEmpty()) {
            // Somebody who sweeps may be looking at the fresh lock at this very moment: take another.
            path = drafts.resolve(UUID.randomUUID().toString());
            lock = LockFile.tryAcquire(Path.of(path + ".lock"), LockFile.Kind.EXCLUSIVE);
        }
        try {
            makePrivate(path);
            Files.createDirectory(path.resolve("tree"));
            Files.setPosixFilePermissions(path.resolve("tree"), PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            lock.get().close();
            throw e;
        }
        return new Draft(path, lock.get());
    }

    /** Removes every layer that is not among these. The caller holds {@link #lockAll} exclusively. */
    void keepOnly(Set<String> used) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = folder.relativize(entry).toString();
                if (HEX.matcher(name).matches() && !used.contains(name)) {
                    try (var draft = begin()) {
                        Files.move(entry, draft.path.resolve("removed"), StandardCopyOption.ATOMIC_MOVE);
                    }
                }
            }
        }
    }

    /** A layer in the making. Closing it removes whatever has not been published. */
    final class Draft implements AutoCloseable {
        private final Path path;
        private final LockFile lock;

        private Draft(Path path, LockFile lock) {
            this.path = path;
            this.lock = lock;
        }

        Path tree() {
            return path.resolve("tree");
        }

        /** A folder for other temporary files of this making. */
        Path scratch() {
            return path;
        }

        /** Gives the tree its final name; from here on it never changes. */
        void publish(String hex, LayerFacts facts) throws IOException {
            var values = new TreeMap<String, String>();
            values.put("setuid", Boolean.toString(facts.hasSetuid()));
            values.put("entries", Long.toString(facts.entries()));
            values.put("bytes", Long.toString(facts.bytes()));
            Records.putList(values, "note", facts.notes());
            Path whole = path.resolve("layer");
            makePrivate(whole);
            Files.write(whole.resolve("facts"), Records.encode(values));
            Files.move(tree(), whole.resolve("tree"), StandardCopyOption.ATOMIC_MOVE);
            // The data must be on the disk before the name is: after a power loss nothing would tell a torn layer from
            // a good one.
            try (var handle = Folder.open(whole)) {
                int descriptor = Libc.openAt(handle.descriptor(), ".", Libc.O_DIRECTORY, 0);
                Folder.check(Libc.sync(descriptor), "syncfs", whole.toString());
                Libc.close(descriptor);
            }
            try {
                Files.move(whole, folder.resolve(hex), StandardCopyOption.ATOMIC_MOVE);
            } catch (FileAlreadyExistsException e) {
                throw new IllegalStateException("layer " + hex + " was made twice in spite of its lock", e);
            }
        }

        /** Replaces a small file of the store in one step. */
        void replace(Path file, Map<String, String> values) throws IOException {
            Path written = path.resolve("record");
            Files.write(written, Records.encode(new TreeMap<>(values)));
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public void close() throws IOException {
            try (lock) {
                discard(path);
            }
        }
    }
}
