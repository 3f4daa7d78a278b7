package dev.skerry.server.backup;

import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Which database the last server of a data folder had, in the file {@code database}: there may be a {@code skerry.db}
 * of earlier times beside the settings of a PostgreSQL.
 */
public final class DatabaseNote {
    static final String NAME = "database";

    /** What SQLite writes first: one page. It takes a shorter file for an empty database, and says nothing. */
    private static final long PAGE_BYTES = 4096;

    private DatabaseNote() {}

    /** Without a password. Empty when no server has been there. */
    public static Optional<DatabaseSettings> read(Path data) {
        Path file = data.resolve(NAME);
        try {
            String text = Files.readString(file).strip();
            return Optional.of(
                    new DatabaseSettings(DatabaseSettings.database(text), Optional.empty(), Optional.empty()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new Failure(ErrorCode.DENIED, "the file " + file + " cannot be read: " + e, "read it as root", e);
        } catch (Failure e) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    file + " does not say which database the server has",
                    "delete it, and name the database with --database",
                    e);
        }
    }

    /**
     * Where a server of the data folder had its SQLite database there is one still. A new one in its place would know
     * of no sandbox, and the server would discard all that it finds, their disks too.
     *
     * @throws Failure {@code CONFLICT} when it is gone, or cut off within its first page
     */
    public static void requireStillThere(Path data, Path sqlite) {
        boolean had = read(data).map(noted -> noted.postgres().isEmpty()).orElse(false);
        try {
            if (had && (Files.notExists(sqlite) || Files.size(sqlite) < PAGE_BYTES)) {
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "the database " + sqlite + " is gone or empty, and a server had it: with a new one all"
                                + " sandboxes of this data folder and their disks would be discarded",
                        "put it back, or restore a backup with --replace; to begin anew delete " + data.resolve(NAME));
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.DENIED, "the file " + sqlite + " cannot be read: " + e, "look at it", e);
        }
    }

    /** All or nothing; two servers of one database write the same. */
    public static void write(Path data, DatabaseSettings settings) throws IOException {
        Path file = data.resolve(NAME);
        byte[] text = (settings.database() + "\n").getBytes(StandardCharsets.UTF_8);
        if (Files.exists(file)
                && Files.size(file) == text.length
                && Files.readString(file).strip().equals(settings.database())) {
            return;
        }
        Path fresh = data.resolve(NAME + "." + ProcessHandle.current().pid() + ".new");
        Files.deleteIfExists(fresh);
        try (OutputStream out = PrivateFiles.create(fresh)) {
            out.write(text);
        }
        PrivateFiles.syncOnly(fresh);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Which database a backup is of.
     *
     * @param said by the settings of the server or the command line
     * @throws Failure {@code CONFLICT} when that is not what the server had
     */
    public static DatabaseSettings settle(Path data, Optional<DatabaseSettings> said) {
        Optional<DatabaseSettings> noted = read(data);
        if (said.isPresent()
                && noted.isPresent()
                && !said.get().postgres().equals(noted.get().postgres())) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "the server of " + data + " has the database " + noted.get().database() + ", and not "
                            + said.get().database(),
                    "name the settings that the server is started with; after a change start it once");
        }
        return said.or(() -> noted).orElse(DatabaseSettings.SQLITE);
    }
}
