package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;

/**
 * Unpacks an archive that a hostile sandbox sent into a folder of this host.
 *
 * <p>The folder is new and only this class writes into it, and it makes nothing but folders and regular files; so no
 * path in it leads through a link, whatever order the entries come in. Links and special files are left out and
 * counted. Permissions keep their read, write and execute bits for the owner and lose set-uid, set-gid, sticky and
 * write for others; owner and time are those of the writer.
 */
public final class Extraction {
    /**
     * Bounds of what is unpacked.
     *
     * @param bytes of all files together
     * @param entries files and folders
     */
    public record Bounds(long bytes, long entries) {}

    /** What was unpacked. */
    public record Summary(long files, long bytes, long leftOut) {}

    private static final int DEPTH_MAX = 64;
    private static final int NAME_BYTES_MAX = 255;
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path folder;
    private final Bounds bounds;
    private long entries;
    private long files;
    private long bytes;
    private long leftOut;

    private Extraction(Path folder, Bounds bounds) {
        this.folder = folder;
        this.bounds = bounds;
    }

    /**
     * Unpacks {@code archive} so that {@code target} is the folder it describes. Nothing is at {@code target} until
     * everything has arrived.
     *
     * @param target must not exist, or be an empty folder
     * @throws Failure {@code INVALID_REQUEST} for an archive that tries to leave its folder or cannot be read, {@code
     *     LIMIT_EXCEEDED} for one beyond the bounds, {@code CONFLICT} when something is at {@code target}
     */
    public static Summary unpack(InputStream archive, Path target, Bounds bounds) throws IOException {
        Path parent = target.toAbsolutePath().normalize().getParent();
        if (parent == null) {
            throw new Failure(ErrorCode.CONFLICT, "'" + target + "' cannot be replaced");
        }
        Path staging = Files.createTempDirectory(parent, "." + target.getFileName() + ".skerry", PRIVATE);
        try {
            var extraction = new Extraction(staging, bounds);
            extraction.readAll(new TarReader(archive));
            Files.setPosixFilePermissions(staging, PosixFilePermissions.fromString("rwxr-xr-x"));
            publish(staging, target);
            return new Summary(extraction.files, extraction.bytes, extraction.leftOut);
        } finally {
            removeTree(staging);
        }
    }

    private static void publish(Path staging, Path target) throws IOException {
        try {
            Files.deleteIfExists(target);
        } catch (DirectoryNotEmptyException e) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "'" + target + "' is a folder with files in it",
                    "name one that is empty or new",
                    e);
        }
        Files.move(staging, target);
    }

    private void readAll(TarReader archive) throws IOException {
        for (var entry = archive.next(); entry.isPresent(); entry = archive.next()) {
            var header = entry.get();
            if (++entries > bounds.entries()) {
                throw new Failure(
                        ErrorCode.LIMIT_EXCEEDED, "the archive has more than " + bounds.entries() + " entries");
            }
            Path path = resolve(header.name());
            try {
                switch (header.kind()) {
                    case FOLDER -> makeFolder(path, header.mode());
                    case FILE -> writeFile(path, header, archive);
                    case OTHER -> leftOut++;
                }
            } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
                throw refused(header.name()); // one name as a file and as a folder
            }
        }
    }

    private Path resolve(String name) {
        Path path = folder;
        int depth = 0;
        for (String part : name.split("/", -1)) {
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            boolean tooLong = part.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX;
            if (part.equals("..") || part.indexOf('\0') >= 0 || tooLong || ++depth > DEPTH_MAX) {
                throw refused(name);
            }
            path = path.resolve(part);
        }
        if (name.startsWith("/")) {
            throw refused(name);
        }
        return path;
    }

    private static Failure refused(String name) {
        String shown = name.length() > 80 ? name.substring(0, 80) + "…" : name;
        return new Failure(
                ErrorCode.INVALID_REQUEST, "the sandbox sent an archive with the unsafe name '" + shown + "'");
    }

    private void makeFolder(Path path, int mode) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.createDirectories(path);
        Files.setPosixFilePermissions(path, permissions(mode | 0700));
    }

    private void writeFile(Path path, TarReader.Entry header, TarReader archive) throws IOException {
        if (path.equals(folder)) {
            throw refused(header.name());
        }
        if (header.size() > bounds.bytes() - bytes) {
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, "the archive has more than " + bounds.bytes() + " bytes");
        }
        Path parent = path.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.deleteIfExists(path);
        try (OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            if (archive.copyContent(out) != header.size()) {
                throw new EOFException("the archive ends in the middle of '" + path.getFileName() + "'");
            }
        }
        Files.setPosixFilePermissions(path, permissions(header.mode() | 0400));
        files++;
        bytes += header.size();
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var set = EnumSet.noneOf(PosixFilePermission.class);
        var all = PosixFilePermission.values(); // OWNER_READ first, OTHERS_EXECUTE last: the order of the mode's bits
        for (int i = 0; i < all.length; i++) {
            if ((mode & (0400 >> i)) != 0
                    && all[i] != PosixFilePermission.OTHERS_WRITE
                    && all[i] != PosixFilePermission.GROUP_WRITE) {
                set.add(all[i]);
            }
        }
        return set;
    }

    private static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
