package dev.skerry.host.engine;

import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An instance is a data folder with a random id. Run folders, cgroups and uid claims carry the id, so that a reaper
 * touches only what is its own and two installations on one machine never meet.
 *
 * @param id eight characters of 0-9 and a-z
 */
public record Instance(String id, Path dataFolder) {
    private static final int ID_LENGTH = 8;

    /** A file in its run folder that every open engine has a shared lock on. */
    static final String IN_USE = "in-use";

    private static final Duration ASKING = Duration.ofSeconds(10);
    private static final Pattern ID = Pattern.compile("[0-9a-z]{" + ID_LENGTH + "}");

    /** Reads the folder's id; makes folder and id at the first call. */
    public static Instance open(Path dataFolder, SecureRandom random) {
        Path file = dataFolder.resolve("instance");
        try {
            Files.createDirectories(
                    dataFolder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try {
                return read(file, dataFolder);
            } catch (NoSuchFileException e) {
                write(file, random);
                return read(file, dataFolder);
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the data folder " + dataFolder + " cannot be used: " + e,
                    "run as root, or name another one with --data",
                    e);
        }
    }

    /**
     * Says that it is in use, until the hold is closed or this process ends, however it ends.
     *
     * @param runFolder of this instance
     */
    static LockFile hold(Path runFolder) {
        try {
            return LockFile.acquire(
                    runFolder.resolve(IN_USE), LockFile.Kind.SHARED, ASKING, "somebody asks whether it is in use");
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the run folder " + runFolder + " cannot be used: " + e, "run as root", e);
        }
    }

    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /**
     * Whether a living process of this machine has an engine of an instance open, with sandboxes or without.
     *
     * @param runFolder of all instances
     */
    public static boolean inUse(Path runFolder, String id) {
        Path folder = runFolder.resolve(id);
        if (!ID.matcher(id).matches() || !Files.isDirectory(folder)) {
            return false;
        }
        try {
            Optional<LockFile> alone = LockFile.tryAcquire(folder.resolve(IN_USE), LockFile.Kind.EXCLUSIVE);
            alone.ifPresent(LockFile::close);
            return alone.isEmpty();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the run folder " + folder + " cannot be used: " + e, "run as root", e);
        }
    }

    private static Instance read(Path file, Path dataFolder) throws IOException {
        String id = Files.readString(file).strip();
        if (!ID.matcher(id).matches()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    file + " does not hold an instance id",
                    "it is " + ID_LENGTH + " characters of 0-9 and a-z; delete the file to get a new one");
        }
        return new Instance(id, dataFolder);
    }

    /** Written under another name and linked, so that of two first starts one wins and nobody reads half an id. */
    private static void write(Path file, SecureRandom random) throws IOException {
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < ID_LENGTH; i++) {
            id.append(Character.forDigit(random.nextInt(Character.MAX_RADIX), Character.MAX_RADIX));
        }
        Path fresh = file.resolveSibling("instance." + id);
        Files.writeString(fresh, id + "\n", StandardOpenOption.CREATE_NEW);
        try {
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            // Another process was first: its id counts.
        } finally {
            Files.delete(fresh);
        }
    }
}
