package dev.skerry.server.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/**
 * An open SQLite file with its migrations applied. Writers take turns on one connection, as SQLite allows one at a time
 * anyhow and would make the others fail after a while, and share commits; readers have their own and never wait for a
 * writer. What was committed survives a loss of power. Thread-safe.
 */
public final class Database implements AutoCloseable {
    private static final int READERS = 4;
    private static final int BUSY_MILLIS = 10_000;
    private static final int TURN_MILLIS = 30_000;

    private final HikariDataSource writing;
    private final HikariDataSource reading;
    private final Jdbi writer;
    private final Jdbi reader;
    private final GroupCommit commits;

    private Database(HikariDataSource writing, HikariDataSource reading) {
        this.writing = writing;
        this.reading = reading;
        this.writer = Jdbi.create(writing);
        this.reader = Jdbi.create(reading);
        this.commits = new GroupCommit(writer, Duration.ofMillis(TURN_MILLIS)).start();
    }

    /**
     * Opens it, and creates it if it is not there; its folder must be.
     *
     * @throws Failure {@code INTERNAL} when it cannot be opened or a migration does not fit what is in it
     */
    public static Database open(Path file) {
        guard(file);
        HikariDataSource writing = pool("writer", 1, source(file, false));
        try {
            Flyway.configure(Database.class.getClassLoader())
                    .dataSource(writing)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
            return new Database(writing, pool("reader", READERS, source(file, true)));
        } catch (FlywayException e) {
            writing.close();
            throw new Failure(
                    ErrorCode.INTERNAL,
                    "the database " + file + " cannot be brought up to date",
                    "a newer version may have written it: use that one, or another data folder",
                    e);
        } catch (RuntimeException | Error e) {
            writing.close();
            throw e;
        }
    }

    /** It holds variables of sandboxes, which may be secrets. SQLite gives its other files the same mode. */
    private static void guard(Path file) {
        Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rw-------");
        try {
            try {
                Files.createFile(file, PosixFilePermissions.asFileAttribute(owner));
            } catch (FileAlreadyExistsException e) {
                Files.setPosixFilePermissions(file, owner);
            }
        } catch (IOException e) {
            throw new Failure(ErrorCode.INTERNAL, "the database " + file + " cannot be opened: " + e.getMessage(), e);
        }
    }

    private static DataSource source(Path file, boolean reads) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(JournalMode.WAL);
        // NORMAL may lose the last commits with the power; a sandbox that was answered for must not be among them.
        config.setSynchronous(SynchronousMode.FULL);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setTransactionMode(reads ? TransactionMode.DEFERRED : TransactionMode.IMMEDIATE);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
        return source;
    }

    private static HikariDataSource pool(String name, int size, DataSource source) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("database-" + name);
        config.setDataSource(source);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(TURN_MILLIS);
        config.setMaxLifetime(0);
        return new HikariDataSource(config);
    }

    /**
     * Changes something, in one transaction; returns when it is on disk. Changes that come at the same time share the
     * commit: for whatever many do at a time.
     */
    public <T> T write(HandleCallback<T, RuntimeException> work) {
        return commits.write(work);
    }

    /** For writing now and then, and for reading what has to agree with that. */
    public Jdbi writer() {
        return writer;
    }

    /** For reading what was committed. */
    public Jdbi reader() {
        return reader;
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
