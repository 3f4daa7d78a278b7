package dev.skerry.server.database;

import com.zaxxer.hikari.HikariDataSource;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * An open database with its migrations applied: a SQLite file, which belongs to one server, or a database of a
 * PostgreSQL server, which several servers may share. All SQL but {@link #now} is the same text for both. Writes share
 * commits; readers have connections of their own and never wait for a writer. What was committed survives a loss of
 * power. Thread-safe.
 */
public final class Database implements AutoCloseable {
    private static final int READERS = 4;

    /** SQLite allows one at a time anyhow, and would make the others fail after a while. */
    private static final int SQLITE_WRITERS = 1;

    private static final int POSTGRES_WRITERS = 4;
    static final String POSTGRES_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
    private static final int TURN_MILLIS = 30_000;

    private final HikariDataSource writing;
    private final HikariDataSource reading;
    private final Jdbi writer;
    private final Jdbi reader;
    private final GroupCommit commits;
    private final String now;
    private volatile Consumer<Duration> observer = _ -> {};

    private Database(HikariDataSource writing, HikariDataSource reading, GroupCommit.Lone lone, String now) {
        this.writing = writing;
        this.reading = reading;
        this.now = now;
        this.writer = Jdbi.create(writing).registerArgument(new StorableText.Binding());
        this.reader = Jdbi.create(reading).registerArgument(new StorableText.Binding());
        this.commits = new GroupCommit(writer, lone, Duration.ofMillis(TURN_MILLIS)).start();
    }

    /**
     * Opens a SQLite file, and creates it if it is not there; its folder must be.
     *
     * @throws Failure {@code INVALID_REQUEST} when a newer version has written it, {@code INTERNAL} when it cannot be
     *     opened or a migration does not fit what is in it
     */
    public static Database open(Path file) {
        SqliteFile.guard(file);
        HikariDataSource writing = SqliteFile.pool("writer", SQLITE_WRITERS, file, false, TURN_MILLIS);
        try {
            Migrations.apply(writing, file.toString());
            return new Database(
                    writing,
                    SqliteFile.pool("reader", READERS, file, true, TURN_MILLIS),
                    GroupCommit.Lone.BY_ITSELF,
                    "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)");
        } catch (RuntimeException | Error e) {
            writing.close();
            throw e;
        }
    }

    /**
     * Opens a database of a PostgreSQL server; it must be there, what is in it need not.
     *
     * @throws Failure {@code INVALID_REQUEST} when a newer version has written it, or it does not let us in;
     *     {@code NO_CAPACITY} when it cannot be reached
     */
    public static Database open(PostgresAddress address, Optional<Password> password) {
        PGSimpleDataSource source = PostgresConnections.unbounded(address, password);
        try {
            Migrations.applyInTurn(source, address.toString());
        } catch (SQLException e) {
            throw unusable(address, e);
        }
        return new Database(
                PostgresConnections.pool("writer", POSTGRES_WRITERS, address, password, false),
                PostgresConnections.pool("reader", READERS, address, password, true),
                GroupCommit.Lone.BY_COMMITTER,
                POSTGRES_NOW);
    }

    /** Version of the schema that this version of Skerry brings a database to. */
    public static int newestSchema() {
        return Migrations.newest();
    }

    static Failure unusable(PostgresAddress address, SQLException e) {
        String state = Objects.requireNonNullElse(e.getSQLState(), "");
        // Classes 28 and 3D (PostgreSQL, appendix A): who asks, and for what, is wrong; waiting does not help.
        boolean wrong = state.startsWith("28") || state.startsWith("3D") || state.startsWith("42");
        return new Failure(
                wrong ? ErrorCode.INVALID_REQUEST : ErrorCode.NO_CAPACITY,
                "the database " + address + " cannot be used: " + e.getMessage(),
                wrong
                        ? "correct 'database', or its password in 'database-password-file' or SKERRY_DATABASE_PASSWORD"
                        : "start the PostgreSQL server there, or correct 'database'",
                e);
    }

    /**
     * Changes something, in one transaction; returns when it is on disk. Changes that come at the same time share the
     * commit: for whatever many do at a time.
     *
     * @param work may be carried out more than once, when another that shares its commit fails; the last time counts
     */
    public <T> T write(HandleCallback<T, RuntimeException> work) {
        return write(Guard.NONE, (handle, _) -> work.withHandle(handle));
    }

    /** The same, if that guard lets it pass, which is asked once for all who share a commit. */
    public <T> T write(Guard guard, Write<T> work) {
        long begun = System.nanoTime();
        try {
            return commits.write(guard, work);
        } finally {
            observer.accept(Duration.ofNanos(System.nanoTime() - begun));
        }
    }

    /** Is told how long each write took. */
    public void observeWrites(Consumer<Duration> observer) {
        this.observer = observer;
    }

    /** For writing now and then, and for reading what has to agree with that. */
    public Jdbi writer() {
        return writer;
    }

    /** For reading what was committed. */
    public Jdbi reader() {
        return reader;
    }

    /** An expression for the database's clock when it is evaluated, in microseconds since 1970. */
    public String now() {
        return now;
    }

    /** Asks it something; for whoever wants to know whether it is well. */
    public String probe() {
        reader.useHandle(
                handle -> handle.createQuery("SELECT 1").mapTo(Integer.class).one());
        return "answers";
    }

    @Override
    public void close() {
        commits.close();
        reading.close();
        writing.close();
    }
}
