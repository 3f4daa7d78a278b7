package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Run folders of instances whose data folder is gone, as interrupted tests leave them: nobody opens those any more.
 * What somebody has open, or has a sandbox, is none.
 */
public final class LeftInstances {
    /** In its run folder: where the data folder of an instance is. */
    private static final String DATA = "data";

    private static final Set<String> OWN = Set.of(DATA, "in-use", "cgroup");
    private static final Set<String> OWN_FOLDERS = Set.of("names", "stage");

    private final Path runFolder;

    /** @param runFolder of all instances */
    public LeftInstances(Path runFolder) {
        this.runFolder = runFolder;
    }

    /** Says whose run folder it is. */
    static void sign(Path folder, Path dataFolder) {
        Path file = folder.resolve(DATA);
        String text = dataFolder.toAbsolutePath().normalize() + "\n";
        try {
            if (!Files.exists(file) || !Files.readString(file).equals(text)) {
                Path fresh = Files.createTempFile(
                        folder,
                        DATA,
                        ".new",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.writeString(fresh, text, StandardOpenOption.TRUNCATE_EXISTING);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the run folder " + folder + " cannot be written: " + e, "run as root", e);
        }
    }

    /** Their folders. */
    public List<String> find() {
        return folders().stream()
                .filter(LeftInstances::orphaned)
                .filter(LeftInstances::empty)
                .filter(folder ->
                        !Instance.inUse(runFolder, folder.getFileName().toString()))
                .map(Path::toString)
                .toList();
    }

    private List<Path> folders() {
        try (Stream<Path> all = Files.list(runFolder)) {
            return all.filter(folder -> Instance.isId(folder.getFileName().toString()))
                    .filter(folder -> Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** One that does not say where its data is was made by an earlier version, and not opened since. */
    private static boolean orphaned(Path folder) {
        try {
            Path file = folder.resolve(DATA);
            if (!Files.exists(file)) {
                return true;
            }
            Path instance = Path.of(Files.readString(file).strip()).resolve("instance");
            return !Files.exists(instance)
                    || !Files.readString(instance)
                            .strip()
                            .equals(folder.getFileName().toString());
        } catch (IOException | RuntimeException e) {
            // Who cannot tell lets it be.
            return false;
        }
    }

    private static boolean empty(Path folder) {
        for (Path entry : entries(folder)) {
            String name = entry.getFileName().toString();
            boolean own = OWN.contains(name)
                    || name.startsWith("guestd-")
                    || (OWN_FOLDERS.contains(name) && entries(entry).isEmpty());
            if (!own) {
                return false;
            }
        }
        return true;
    }

    private static List<Path> entries(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        } catch (IOException e) {
            return List.of(folder);
        }
    }

    /** Removes them; which. */
    public List<String> remove() {
        List<String> removed = new ArrayList<>();
        for (String folder : find()) {
            try (Stream<Path> all = Files.walk(Path.of(folder))) {
                for (Path entry : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(entry);
                }
                removed.add(folder);
            } catch (IOException e) {
                throw new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the run folder " + folder + " cannot be removed: " + e,
                        "run as root",
                        e);
            }
        }
        return List.copyOf(removed);
    }
}
