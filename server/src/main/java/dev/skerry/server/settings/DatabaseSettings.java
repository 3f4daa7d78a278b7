package dev.skerry.server.settings;

import dev.skerry.server.database.Password;
import dev.skerry.server.database.PostgresAddress;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where it is kept what sandboxes there are, and who else may serve them.
 *
 * @param postgres empty: a SQLite file in the data folder, which one server has for itself
 * @param advertised origin at which other servers of the database reach this one; empty: the address of http
 */
public record DatabaseSettings(
        Optional<PostgresAddress> postgres, Optional<Password> password, Optional<URI> advertised) {
    /** What the setting is for {@link #SQLITE}. */
    static final String SQLITE_WORD = "sqlite";

    public static final DatabaseSettings SQLITE =
            new DatabaseSettings(Optional.empty(), Optional.empty(), Optional.empty());

    private static final int PASSWORD_LENGTH_MAX = 1024;

    /** As in a settings file: {@code sqlite}, or an address. */
    public static Optional<PostgresAddress> database(String text) {
        return text.equals(SQLITE_WORD) ? Optional.empty() : Optional.of(PostgresAddress.parse(text));
    }

    /** As it is written in a settings file. */
    public String database() {
        return postgres.map(PostgresAddress::toString).orElse(SQLITE_WORD);
    }

    /** Of the setting that names a file: its first line. */
    static Optional<Password> passwordFile(String file) {
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try {
            Path path = Path.of(file);
            if (Files.size(path) > PASSWORD_LENGTH_MAX) {
                throw new Failure(ErrorCode.INVALID_REQUEST, file + " is too large for a password");
            }
            return Files.readString(path).lines().findFirst().map(Password::new);
        } catch (IOException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, file + " cannot be read: " + e, e);
        }
    }

    /** An origin without path; empty for an empty text. */
    public static Optional<URI> advertised(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (!text.matches("http://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):[0-9]{1,5}")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not where a server is reached",
                    "write it as in http://10.0.0.7:3000, the address of 'http' as other servers see it");
        }
        return Optional.of(URI.create(text));
    }
}
