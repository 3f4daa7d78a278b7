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
import java.util.Set;
import javax.sql.DataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/** Connections to a SQLite file. */
final class SqliteFile {
    private static final int BUSY_MILLIS = 10_000;

    private SqliteFile() {}

    /** It holds variables of sandboxes, which may be secrets. SQLite gives its other files the same mode. */
    static void guard(Path file) {
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

    /** @param waitMillis for a connection */
    static HikariDataSource pool(String name, int size, Path file, boolean reads, long waitMillis) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("database-" + name);
        config.setDataSource(source(file, reads));
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(waitMillis);
        config.setMaxLifetime(0);
        return new HikariDataSource(config);
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
}
