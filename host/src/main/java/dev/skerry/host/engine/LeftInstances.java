package dev.skerry.host.engine;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.cgroups.Cgroups;
import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Run folders of instances whose data folder is gone, as interrupted tests leave them: nobody opens those any more.
 * What somebody has open, or has a sandbox, is none. An instance's own control groups go with its folder.
 */
public final class LeftInstances {
    /** In its run folder: where the data folder of an instance is. */
    private static final String DATA = "data";

    /** In its run folder: where its control groups are. */
    static final String CGROUP = "cgroup";

    private static final Set<String> OWN = Set.of(DATA, Instance.IN_USE, CGROUP);
    private static final Set<String> OWN_FOLDERS = Set.of("names", "stage");

    /** Whoever opens one says at once whose it is. */
    private static final Duration UNSIGNED = Duration.ofHours(1);

    private final Path runFolder;
    private final InstantSource clock;
    private final CgroupLayout groups;

    /**
     * @param runFolder of all instances
     * @param groups where theirs are, if they have not written down another place
     */
    public LeftInstances(Path runFolder, InstantSource clock, CgroupLayout groups) {
        this.runFolder = runFolder;
        this.clock = clock;
        this.groups = groups;
    }

    /** Says whose run folder it is. */
    static void sign(Path folder, Path dataFolder) {
        Path file = folder.resolve(DATA);
        String text = dataFolder.toAbsolutePath().normalize() + "\n";
        try {
            if (!Files.exists(file) || !Files.readString(file).equals(text)) {
                WholeFile.replace(file, text);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the run folder " + folder + " cannot be written: " + e, "run as root", e);
        }
    }

    /** Their folders. */
    public List<String> find() {
        return folders().stream()
                .filter(this::orphaned)
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

    /** One that has not said for an hour where its data is was made by an earlier version. */
    private boolean orphaned(Path folder) {
        try {
            Path file = folder.resolve(DATA);
            if (!Files.exists(file)) {
                return Files.getLastModifiedTime(folder)
                        .toInstant()
                        .isBefore(clock.instant().minus(UNSIGNED));
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
                    || name.startsWith(DATA) // also what was to become it
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

    /**
     * With its lock held, and only what is known to be in such a folder. The lock's file goes last: who opens the
     * folder before that waits, and who opens it afterwards is either found in it, or makes it anew.
     */
    private boolean removeUnused(Path folder) throws IOException {
        Path hold = folder.resolve(Instance.IN_USE);
        Optional<LockFile> alone = LockFile.tryAcquire(hold, LockFile.Kind.EXCLUSIVE);
        if (alone.isEmpty()) {
            return false;
        }
        try (LockFile _ = alone.get()) {
            if (!orphaned(folder) || !empty(folder) || !removeGroups(folder)) {
                return false;
            }
            for (Path entry : entries(folder)) {
                if (!entry.equals(hold)) {
                    Files.deleteIfExists(entry);
                }
            }
            Files.delete(hold);
            Files.delete(folder);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }

    private boolean removeGroups(Path folder) {
        Path note = folder.resolve(CGROUP);
        CgroupLayout there = Files.exists(note) ? groups.keptIn(note) : groups;
        return Cgroups.removeUnused(there, folder.getFileName().toString());
    }

    /** Removes them; which. */
    public List<String> remove() {
        List<String> removed = new ArrayList<>();
        for (String folder : find()) {
            try {
                if (removeUnused(Path.of(folder))) {
                    removed.add(folder);
                }
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
