package dev.skerry.server.backup;

import dev.skerry.server.database.Database;
import dev.skerry.server.database.Password;
import dev.skerry.server.database.PostgresAddress;
import dev.skerry.server.database.RaisedNumbers;
import dev.skerry.server.database.SqliteCopy;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Puts a backup into a data folder that no server uses. All of it is checked, brought up to date and synced in a folder
 * of its own; then one rename decides, and {@link Replacement} carries it out, again after a crash or a failure.
 */
public final class Restore {
    /** What a folder has that nothing was kept in. */
    private static final Set<String> NOTHING =
            Set.of("agent.lock", "agent.pid", Replacement.PREPARED, Replacement.LOCK);

    private final Order order;
    private final InstantSource clock;

    /**
     * What is to be restored, and where.
     *
     * @param data it is made if it is not there
     * @param replace whether something may be in it
     * @param database where the server keeps its sandboxes according to its settings, if they say it
     * @param password of the database, if it is the data folder that says which one it is
     */
    public record Order(
            Path from, Path data, boolean replace, Optional<DatabaseSettings> database, Optional<Password> password) {}

    /** @param replaced where that is now that was there before */
    public record Done(Manifest manifest, Optional<Path> replaced) {}

    private Restore(Order order, InstantSource clock) {
        this.order = order;
        this.clock = clock;
    }

    /**
     * For whoever has the data folder to himself. On failure it is as it was, unless the message says that it is
     * decided: then whoever starts next on the folder finishes it.
     *
     * @throws Failure {@code INVALID_REQUEST} when it is no backup, of a newer version, or of a server with another
     *     database; {@code CONFLICT} when it is damaged, or the folder or the database is in use
     */
    public static Done run(Order order, InstantSource clock) {
        try {
            return new Restore(order, clock).run();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "the data folder " + order.data() + " cannot be written: " + e,
                    "it must be writable, with room for what is in the backup",
                    e);
        }
    }

    /** Id of the instance whose backup it is, if it is in it. */
    public static Optional<String> instanceIn(Path backup) {
        try (BackupFile file = BackupFile.open(backup)) {
            return file.text(BackupFile.INSTANCE).map(String::strip);
        } catch (IOException e) {
            throw BackupFile.damaged(e.getMessage());
        }
    }

    /** All of a backup in a folder of its own, checked, and not changed. */
    static Manifest unpack(Path backup, Path folder) throws IOException {
        PrivateFiles.folders(folder);
        try (BackupFile file = BackupFile.open(backup)) {
            file.unpack(folder);
            Manifest manifest = file.manifest();
            if (manifest.sqlite()) {
                SqliteCopy.Facts facts = SqliteCopy.check(folder.resolve(BackupFile.DATABASE));
                if (facts.schema() != manifest.schema()) {
                    throw BackupFile.damaged("its database has another version than it says");
                }
                Set<String> missing = Backup.missingSecrets(facts, folder);
                if (!missing.isEmpty()) {
                    throw Backup.missing(missing, backup);
                }
            }
            return manifest;
        }
    }

    private Done run() throws IOException {
        PrivateFiles.folders(order.data());
        boolean _ = Replacement.finish(order.data());
        requireEmpty();
        Path prepared = order.data().resolve(Replacement.PREPARED);
        PrivateFiles.delete(prepared);
        try {
            Path fresh = prepared.resolve(Replacement.FRESH);
            Manifest manifest = unpack(order.from(), fresh);
            requireSameDatabase(manifest);
            keepInstance(manifest, fresh);
            publishCertificate(fresh);
            if (manifest.sqlite()) {
                DatabaseNote.write(fresh, DatabaseSettings.SQLITE);
                raise(Database.open(fresh.resolve(BackupFile.DATABASE)));
                PrivateFiles.sync(prepared);
            } else {
                DatabaseSettings settings = wanted();
                PostgresAddress address = settings.postgres().orElseThrow();
                DatabaseNote.write(fresh, settings);
                PrivateFiles.sync(prepared);
                // Of an older version the schema must stay while a server uses it.
                RaisedNumbers.requireUnused(address, settings.password());
                raise(Database.open(address, settings.password()));
            }
            return new Done(manifest, Replacement.decide(order.data()));
        } finally {
            PrivateFiles.delete(prepared);
        }
    }

    private void requireEmpty() throws IOException {
        List<Path> there = PrivateFiles.children(order.data()).stream()
                .filter(path -> !NOTHING.contains(path.getFileName().toString()))
                .toList();
        if (!there.isEmpty() && !order.replace()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the data folder " + order.data() + " is not empty: "
                            + there.getFirst().getFileName(),
                    "name an empty one, or say --replace: database, secrets and certificates are put aside then");
        }
    }

    private DatabaseSettings wanted() {
        return order.database()
                .or(() -> DatabaseNote.read(order.data())
                        .map(noted -> new DatabaseSettings(noted.postgres(), order.password(), Optional.empty())))
                .filter(settings -> settings.postgres().isPresent())
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "the backup is of a server with a PostgreSQL database, which is not in it",
                        "restore that with pg_restore, and name it with --database"));
    }

    private void requireSameDatabase(Manifest manifest) {
        boolean postgres = order.database()
                .or(() -> DatabaseNote.read(order.data()))
                .flatMap(DatabaseSettings::postgres)
                .isPresent();
        if (manifest.sqlite() && postgres) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the backup has a SQLite database, and the server of " + order.data() + " uses PostgreSQL",
                    "name another data folder, or say --database sqlite if the server is to use that from now on");
        }
    }

    /** What runs on this machine carries the instance that is there; a server knows one. */
    private void keepInstance(Manifest manifest, Path fresh) throws IOException {
        Path own = order.data().resolve(BackupFile.INSTANCE);
        Path saved = fresh.resolve(BackupFile.INSTANCE);
        if (!Files.exists(own) || !Files.exists(saved)) {
            return;
        }
        if (!manifest.sqlite()
                && !Files.readString(own).strip().equals(Files.readString(saved).strip())) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    order.data() + " is of another instance than the database that belongs to the backup",
                    "name an empty data folder");
        }
        Files.delete(saved);
    }

    /** Clients read it. */
    private static void publishCertificate(Path fresh) throws IOException {
        Path certificate = fresh.resolve(BackupFile.CERTIFICATE);
        if (Files.exists(certificate)) {
            Files.setPosixFilePermissions(certificate, PosixFilePermissions.fromString("rw-r--r--"));
        }
    }

    private void raise(Database opened) throws IOException {
        try (opened) {
            RaisedNumbers.raise(opened, clock.instant(), seenByHost());
        }
    }

    /** What {@code AgentEpoch} of the host keeps there. */
    private long seenByHost() throws IOException {
        try {
            return Long.parseLong(
                    Files.readString(order.data().resolve("agent.epoch")).strip());
        } catch (NoSuchFileException e) {
            return 0;
        } catch (NumberFormatException e) {
            throw new IOException("agent.epoch does not hold a number", e);
        }
    }
}
