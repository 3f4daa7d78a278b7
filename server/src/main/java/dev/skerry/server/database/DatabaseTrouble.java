package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Optional;
import org.sqlite.SQLiteException;

/** What a client is told when the database file cannot be used just now: that is no mistake of ours. */
public final class DatabaseTrouble {
    private DatabaseTrouble() {}

    /** Empty when it was something else. */
    public static Optional<Failure> of(RuntimeException thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLiteException trouble) {
                return of(trouble, thrown);
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

    private static Optional<Failure> failure(String what, String remedy, RuntimeException thrown) {
        return Optional.of(new Failure(ErrorCode.NO_CAPACITY, what, remedy, thrown));
    }
}
