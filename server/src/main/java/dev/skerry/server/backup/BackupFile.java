package dev.skerry.server.backup;

import dev.skerry.server.database.Database;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * A backup as it lies there: a ZIP of {@link Manifest} and files of the data folder. Its list of contents is at its
 * end, so one that was not written to its end does not open. Nothing of it is believed that is not in the manifest.
 */
final class BackupFile implements AutoCloseable {
    static final String DATABASE = "skerry.db";
    static final String SECRET = "secret";
    static final String CERTIFICATE = "tls/ca.pem";
    static final String SETTINGS = "settings.toml";
    static final String INSTANCE = "instance";

    /** What of a data folder there may be in one. */
    static final Set<String> NAMES = Set.of(DATABASE, SECRET, "tls/ca.key", CERTIFICATE, INSTANCE, SETTINGS);

    /** In the order in which they are put into their places. */
    static final List<String> NAMES_AND_NOTE =
            List.of(INSTANCE, DATABASE, SECRET, "tls/ca.key", CERTIFICATE, SETTINGS, DatabaseNote.NAME);

    private static final int MANIFEST_BYTES_MAX = 64 << 10;
    private static final byte[] OF_SQLITE = "SQLite format 3".getBytes(StandardCharsets.US_ASCII);

    private final ZipFile zip;
    private final Manifest manifest;

    private BackupFile(ZipFile zip, Manifest manifest) {
        this.zip = zip;
        this.manifest = manifest;
    }

    /**
     * @throws Failure {@code NOT_FOUND}; {@code INVALID_REQUEST} when it is something else, or of a newer version;
     *     {@code CONFLICT} when it is damaged
     */
    static BackupFile open(Path file) {
        ZipFile zip = zip(file);
        try {
            Manifest manifest = manifest(zip);
            Set<String> there = zip.stream().map(ZipEntry::getName).collect(Collectors.toCollection(TreeSet::new));
            Set<String> listed = new TreeSet<>(manifest.files().keySet());
            listed.add(Manifest.NAME);
            if (!there.equals(listed)
                    || there.size() != zip.size()
                    || !NAMES.containsAll(manifest.files().keySet())
                    || manifest.sqlite() != listed.contains(DATABASE)
                    || !listed.contains(SECRET)) {
                throw damaged("it does not hold what its list of contents says");
            }
            if (manifest.schema() > Database.newestSchema()) {
                throw newer(manifest);
            }
            return new BackupFile(zip, manifest);
        } catch (IOException e) {
            close(zip);
            throw damaged(e.getMessage());
        } catch (RuntimeException | Error e) {
            close(zip);
            throw e;
        }
    }

    private static Failure newer(Manifest manifest) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "the backup has a schema of version " + manifest.schema() + " (it was written by Skerry "
                        + manifest.product() + "), and this version of Skerry knows those up to "
                        + Database.newestSchema(),
                "restore it with the version that wrote it, or a newer one");
    }

    private static ZipFile zip(Path file) {
        try {
            byte[] start = new byte[OF_SQLITE.length];
            try (InputStream in = Files.newInputStream(file)) {
                int read = in.readNBytes(start, 0, start.length);
                if (read < 4 || start[0] != 'P' || start[1] != 'K') {
                    throw Arrays.equals(start, OF_SQLITE) ? databaseFile(file) : otherKind();
                }
            }
        } catch (NoSuchFileException e) {
            throw new Failure(ErrorCode.NOT_FOUND, "there is no file " + file, "name a backup with --from", e);
        } catch (IOException e) {
            throw new Failure(ErrorCode.DENIED, "the file " + file + " cannot be read: " + e, "read it as root", e);
        }
        try {
            return new ZipFile(file.toFile());
        } catch (IOException e) {
            // Not only a ZipException: where its contents begin may be wrong, too, and then it is looked for elsewhere.
            throw damaged("it does not go to its end, or is not in order");
        }
    }

    private static Failure databaseFile(Path file) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                file + " is a database file, and not a backup: the secrets that open what is in it are missing",
                "name a file that 'skerry backup' wrote");
    }

    static Failure otherKind() {
        return new Failure(
                ErrorCode.INVALID_REQUEST, "that is no backup of Skerry", "name a file that 'skerry backup' wrote");
    }

    static Failure damaged(String why) {
        return new Failure(ErrorCode.CONFLICT, "the backup is damaged: " + why, "use another one");
    }

    private static Manifest manifest(ZipFile zip) throws IOException {
        ZipEntry entry = zip.getEntry(Manifest.NAME);
        if (entry == null) {
            throw otherKind();
        }
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] json = in.readNBytes(MANIFEST_BYTES_MAX);
            CRC32 sum = new CRC32();
            sum.update(json);
            if (sum.getValue() != entry.getCrc()) {
                throw damaged("its list of contents has another checksum");
            }
            return Manifest.parse(json);
        }
    }

    Manifest manifest() {
        return manifest;
    }

    /** Of a file that is small. */
    Optional<String> text(String name) throws IOException {
        if (!manifest.files().containsKey(name)) {
            return Optional.empty();
        }
        try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
            return Optional.of(new String(in.readNBytes(MANIFEST_BYTES_MAX), StandardCharsets.UTF_8));
        }
    }

    /** Writes all of it below a folder, and compares it with the manifest. */
    void unpack(Path folder) throws IOException {
        for (String name : manifest.files().keySet()) {
            unpack(name, folder.resolve(name));
        }
    }

    private void unpack(String name, Path target) throws IOException {
        Manifest.FileFacts facts = manifest.files().get(name);
        PrivateFiles.folders(target.getParent());
        MessageDigest hash = sha256();
        long bytes;
        try (InputStream in = new DigestInputStream(zip.getInputStream(zip.getEntry(name)), hash);
                OutputStream out = PrivateFiles.create(target)) {
            bytes = in.transferTo(out);
        } catch (ZipException | EOFException e) {
            throw damaged(name + " cannot be unpacked");
        }
        if (bytes != facts.bytes() || !facts.sha256().equals(HexFormat.of().formatHex(hash.digest()))) {
            throw damaged(name + " has another checksum");
        }
    }

    static Manifest.FileFacts facts(Path file) throws IOException {
        MessageDigest hash = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file, StandardOpenOption.READ), hash)) {
            long bytes = in.transferTo(OutputStream.nullOutputStream());
            return new Manifest.FileFacts(bytes, HexFormat.of().formatHex(hash.digest()));
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void close(ZipFile zip) {
        try {
            zip.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        close(zip);
    }
}
