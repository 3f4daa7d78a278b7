package dev.skerry.server.backup;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.SqliteCopy;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a backup of a server that may be running: its SQLite database as it is at one moment, the secrets that open
 * what is in it, the certificate authority, the id of the instance, and its settings. The database of a server on
 * PostgreSQL is not in it. It is written beside its place, restored there as a rehearsal, synced, and renamed: what has
 * the name is whole.
 */
public final class Backup {
    private static final int TRIES = 3;

    private final Order order;
    private final InstantSource clock;

    /**
     * What is to be saved, and where.
     *
     * @param settings the file of settings that the server is started with
     * @param database {@code sqlite}, or the address of a PostgreSQL database
     * @param product this version
     * @param overwrite whether there may be an older one of that name
     */
    public record Order(
            Path data, Optional<Path> settings, String database, String product, Path to, boolean overwrite) {}

    /**
     * What was written.
     *
     * @param sandboxes how many are in it that have not ended
     */
    public record Written(Manifest manifest, long bytes, long sandboxes) {}

    private Backup(Order order, InstantSource clock) {
        this.order = order;
        this.clock = clock;
    }

    /**
     * On disk when it returns.
     *
     * @throws Failure {@code CONFLICT} when there is a file of that name, or what is saved is damaged;
     *     {@code NOT_FOUND} when that is no server's data folder; {@code NO_SPACE}
     */
    public static Written write(Order order, InstantSource clock) {
        Backup backup = new Backup(order, clock);
        try {
            return backup.run();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "the backup " + order.to() + " cannot be written: " + e,
                    "its folder must be there and writable, with room for the database three times",
                    e);
        }
    }

    private Written run() throws IOException {
        Path folder = order.to().toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(order.to())) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    order.to() + " is not the name of a file in a folder that is there",
                    "make the folder, or name another file with --to");
        }
        if (!order.overwrite() && Files.exists(order.to())) {
            throw exists();
        }
        try (WorkFolder work = WorkFolder.open(order.to().toAbsolutePath())) {
            return write(work);
        }
    }

    private Failure exists() {
        return new Failure(
                ErrorCode.CONFLICT,
                "there is a file " + order.to() + " already",
                "name another one, or say --overwrite");
    }

    private Written write(WorkFolder work) throws IOException {
        Path files = work.resolve(WorkFolder.FILES);
        PrivateFiles.folders(files);
        Optional<SqliteCopy.Facts> facts =
                order.database().equals(Manifest.SQLITE) ? Optional.of(copyWithItsSecrets(files)) : Optional.empty();
        if (facts.isEmpty()) {
            PrivateFiles.copy(secretFile(), files.resolve(BackupFile.SECRET));
        }
        for (String name : Set.of("tls/ca.key", BackupFile.CERTIFICATE, BackupFile.INSTANCE)) {
            if (Files.exists(order.data().resolve(name))) {
                PrivateFiles.copy(order.data().resolve(name), files.resolve(name));
            }
        }
        if (order.settings().isPresent()) {
            PrivateFiles.copy(order.settings().get(), files.resolve(BackupFile.SETTINGS));
        }
        Manifest manifest = manifest(files, facts.map(SqliteCopy.Facts::schema).orElse(0));
        Path whole = work.resolve(WorkFolder.WHOLE);
        zip(manifest, files, whole);
        rehearse(whole, work.resolve(WorkFolder.REHEARSAL));
        PrivateFiles.syncOnly(whole);
        publish(whole);
        return new Written(
                manifest,
                Files.size(order.to()),
                facts.map(SqliteCopy.Facts::sandboxes).orElse(0L));
    }

    private Path secretFile() {
        Path secret = order.data().resolve(BackupFile.SECRET);
        if (!Files.exists(secret)) {
            throw new Failure(
                    ErrorCode.NOT_FOUND,
                    order.data() + " is no data folder of a server: there is no file 'secret' in it",
                    "name the server's data folder with --data");
        }
        return secret;
    }

    /** Somebody may rotate the secrets in between; then they do not fit, and both are read again. */
    private SqliteCopy.Facts copyWithItsSecrets(Path files) throws IOException {
        for (int attempt = 1; ; attempt++) {
            Path secret = files.resolve(BackupFile.SECRET);
            Path copy = files.resolve(BackupFile.DATABASE);
            PrivateFiles.delete(secret);
            PrivateFiles.delete(copy);
            // Made by us, so that it never has another mode than ours; SQLite takes an empty file for a new one.
            PrivateFiles.create(copy).close();
            SqliteCopy.write(order.data().resolve(BackupFile.DATABASE), copy);
            PrivateFiles.copy(secretFile(), secret);
            SqliteCopy.Facts facts = SqliteCopy.check(copy);
            Set<String> missing = missingSecrets(facts, files);
            if (missing.isEmpty()) {
                return facts;
            }
            if (attempt == TRIES) {
                throw missing(missing, order.data());
            }
        }
    }

    /** Ids of secrets that something in the database needs. */
    static Set<String> missingSecrets(SqliteCopy.Facts facts, Path folder) {
        Set<String> known =
                new SecretFile(folder).read().stream().map(Secret::id).collect(Collectors.toSet());
        return facts.sealed().stream()
                .map(Sealing::secretOf)
                .filter(id -> !known.contains(id))
                .collect(Collectors.toSet());
    }

    static Failure missing(Set<String> ids, Path where) {
        return new Failure(
                ErrorCode.CONFLICT,
                "what is stored is encrypted with secrets that " + where + " does not have: " + String.join(", ", ids),
                "put the file 'secret' back as it was when that was stored");
    }

    private Manifest manifest(Path files, int schema) throws IOException {
        Map<String, Manifest.FileFacts> all = new TreeMap<>();
        for (String name : BackupFile.NAMES) {
            if (Files.exists(files.resolve(name))) {
                all.put(name, BackupFile.facts(files.resolve(name)));
            }
        }
        return new Manifest(order.product(), clock.instant(), order.database(), schema, all);
    }

    private static void zip(Manifest manifest, Path files, Path whole) throws IOException {
        try (ZipOutputStream out = new ZipOutputStream(PrivateFiles.create(whole))) {
            out.setLevel(Deflater.BEST_SPEED);
            out.putNextEntry(new ZipEntry(Manifest.NAME));
            out.write(manifest.json());
            for (String name : new TreeMap<>(manifest.files()).keySet()) {
                out.putNextEntry(new ZipEntry(name));
                Files.copy(files.resolve(name), out);
            }
        }
    }

    /** What cannot be restored is no backup. */
    private static void rehearse(Path whole, Path rehearsal) throws IOException {
        Manifest manifest = Restore.unpack(whole, rehearsal);
        if (manifest.sqlite()) {
            Database.open(rehearsal.resolve(BackupFile.DATABASE)).close();
        }
    }

    private void publish(Path whole) throws IOException {
        Path to = order.to().toAbsolutePath();
        if (order.overwrite()) {
            Files.move(whole, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            try {
                Files.createLink(to, whole);
            } catch (FileAlreadyExistsException e) {
                throw exists();
            }
        }
        PrivateFiles.syncOnly(to.getParent());
    }
}
