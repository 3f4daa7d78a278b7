package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Objects;
import java.util.Optional;
import org.sqlite.SQLiteException;

/** What a client is told when the database cannot be used just now: that is no mistake of ours. */
public final class DatabaseTrouble {
    private DatabaseTrouble() {}

    /** Empty when it was something else. */
    public static Optional<Failure> of(RuntimeException thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException trouble) {
                return of(trouble, thrown);
            }
            if (cause instanceof SQLTransientConnectionException) {
                // Of the pool.
                return failure("the database does not answer", "try again in a moment", thrown);
            }
            if (cause instanceof SQLException trouble) {
                return of(Objects.requireNonNullElse(trouble.getSQLState(), ""), thrown);
            }
        }
        return Optional.empty();
    }

    private static Optional<Failure> of(SQLiteException trouble, RuntimeException thrown) {
        // The lowest byte says what it is, the others where it was met (sqlite.org/rescode.html).
        return switch (trouble.getResultCode().code & 0xff) {
            case 5, 6 -> failure("another process has locked the database", "end that process", thrown);
            case 8 -> failure("the database can only be read", "make its file and folder writable", thrown);
            case 10 -> failure("the database file cannot be written or read", "look at its file system", thrown);
            case 13 -> failure("the file system of the database is full", "free some space", thrown);
            default -> Optional.empty();
        };
    }

    /** @param state as PostgreSQL says it (appendix A): two characters of class, three of what it is */
    private static Optional<Failure> of(String state, RuntimeException thrown) {
        return switch (state) {
            case "53100" -> failure("the disk of the database is full", "free some space there", thrown);
            case "53300" -> failure("the database has too many clients", "raise its max_connections", thrown);
            case "25006" -> failure("the database can only be read", "name the server that takes writes", thrown);
            case "40001", "40P01", "55P03", "57014", "25P03" ->
                failure("the database was too busy", "try again in a moment", thrown);
            case "57P01", "57P02", "57P03" ->
                failure("the database is being restarted", "try again in a moment", thrown);
            default ->
                state.startsWith("08")
                        ? failure("the database cannot be reached", "try again in a moment", thrown)
                        : state.startsWith("53") || state.startsWith("58")
                                ? failure("the database is in trouble", "look at its log", thrown)
                                : Optional.empty();
        };
    }

    private static Optional<Failure> failure(String what, String remedy, RuntimeException thrown) {
        return Optional.of(new Failure(ErrorCode.NO_CAPACITY, what, remedy, thrown));
    }
}
