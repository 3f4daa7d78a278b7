package dev.skerry.host.engine;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.cgroups.Cgroups;
import dev.skerry.host.templates.LockFile;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.host.uids.UidRanges;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.stream.Stream;

/** What all sandboxes of one instance share on this host: its folders, cgroups, uid ranges, names and templates. */
record Installation(
        Instance instance,
        Path runFolder,
        Path guestd,
        Cgroups cgroups,
        UidRanges uids,
        SandboxNames names,
        TemplateStore templates,
        LockFile hold)
        implements AutoCloseable {
    private static final int ENTER_TRIES = 100;

    static Installation open(EngineSettings settings) {
        Instance instance = Instance.open(settings.dataFolder(), new SecureRandom());
        Path runFolder = settings.runFolder().resolve(instance.id());
        LockFile hold = enter(settings.runFolder(), runFolder);
        try {
            makePassable(runFolder.resolve("stage"));
            LeftInstances.sign(runFolder, settings.dataFolder());
            return new Installation(
                    instance,
                    runFolder,
                    ownGuestd(settings.guestd(), runFolder),
                    Cgroups.open(CgroupLayout.detect().keptIn(runFolder.resolve(LeftInstances.CGROUP)), instance.id()),
                    UidRanges.open(UidRanges.DEFAULT_FOLDER),
                    new SandboxNames(runFolder.resolve("names")),
                    TemplateStore.open(settings.dataFolder()),
                    hold);
        } catch (RuntimeException e) {
            hold.close();
            throw e;
        }
    }

    /**
     * Makes the run folder and says that it is in use. Until that is said {@link LeftInstances} may remove it, as that
     * of a data folder that was somewhere else before; afterwards it leaves it alone. What else is in it is made then.
     *
     * @param all where those of all instances are
     */
    static LockFile enter(Path all, Path runFolder) {
        for (int tries = 1; ; tries++) {
            try {
                makePassable(all, runFolder);
                return Instance.hold(runFolder);
            } catch (Failure e) {
                if (tries == ENTER_TRIES || Files.isDirectory(runFolder)) {
                    throw e;
                }
            }
        }
    }

    /** A sandbox's uids may walk through to the stage and see nothing on the way. */
    private static void makePassable(Path... folders) {
        try {
            for (Path folder : folders) {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectories(folder);
                    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
                }
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.UNSUPPORTED, "the run folder cannot be made: " + e, "run as root", e);
        }
    }

    /**
     * Sandboxes that run keep what they use through their mounts; the age spares a build that is just about to start
     * one.
     */
    private static void removeOldCopies(Path runFolder) throws IOException {
        FileTime yesterday = FileTime.from(InstantSource.system().instant().minus(Duration.ofDays(1)));
        try (Stream<Path> files = Files.list(runFolder)) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith("guestd-"))
                    .toList()) {
                if (Files.getLastModifiedTime(file).compareTo(yesterday) < 0) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /**
     * A copy on the run folder's tmpfs, named by its content's age and size: inside, the mount table shows where it
     * comes from, which is nothing that a stranger should learn about the host; and a rebuild does not touch what
     * running sandboxes use.
     */
    private static Path ownGuestd(Path original, Path runFolder) {
        try {
            BasicFileAttributes facts = Files.readAttributes(original, BasicFileAttributes.class);
            Path copy = runFolder.resolve(
                    "guestd-" + facts.size() + "-" + facts.lastModifiedTime().toMillis());
            if (!Files.exists(copy)) {
                removeOldCopies(runFolder);
                Path fresh =
                        runFolder.resolve("guestd-" + ProcessHandle.current().pid() + ".new");
                Files.copy(original, fresh, StandardCopyOption.REPLACE_EXISTING);
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                Files.move(fresh, copy, StandardCopyOption.ATOMIC_MOVE);
            }
            return copy;
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "guestd cannot be copied: " + e, "build it with: make -C native", e);
        }
    }

    /** Its things stay; this process does not use them any more. */
    @Override
    public void close() {
        hold.close();
    }

    RunFolder folder(String name) {
        return new RunFolder(runFolder.resolve(name));
    }

    /** Who owns a uid range, machine-wide. */
    String claim(String folder) {
        return instance.id() + "/" + folder;
    }

    /** The folder of a sandbox by its name or id. */
    RunFolder find(String nameOrId) {
        return names.find(nameOrId)
                .map(this::folder)
                .filter(folder -> Files.exists(folder.path()))
                .or(() -> RunFolder.list(runFolder).stream()
                        .filter(folder -> folder.name().startsWith(nameOrId + "."))
                        // The one that lives, of several lives.
                        .min(Comparator.comparing(folder -> folder.end().isPresent())))
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND, "no sandbox '" + nameOrId + "' on this host", "'skerry ps' lists them"));
    }
}
