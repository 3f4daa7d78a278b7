package dev.skerry.server.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jdbi.v3.core.ConnectionFactory;

/**
 * Hands out the one connection for writing, to whoever has waited longest. The pool could make callers wait as well, but
 * it hands a connection over by yielding in a loop, which on virtual threads takes the processors from those who work.
 */
final class Turns implements ConnectionFactory {
    private final DataSource source;
    private final Duration bound;
    private final Semaphore turn = new Semaphore(1, true);

    /** @param bound how long somebody waits for a turn at most */
    Turns(DataSource source, Duration bound) {
        this.source = source;
        this.bound = bound;
    }

    @Override
    public Connection openConnection() throws SQLException {
        take();
        boolean open = false;
        try {
            Connection connection = source.getConnection();
            open = true;
            return connection;
        } finally {
            if (!open) {
                turn.release();
            }
        }
    }

    private void take() throws SQLException {
        try {
            if (!turn.tryAcquire(bound.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new SQLTransientConnectionException(
                        "no turn to write to the database within " + bound.toMillis() + " ms");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLTransientConnectionException("interrupted while waiting for a turn to write", e);
        }
    }

    @Override
    public void closeConnection(Connection connection) throws SQLException {
        try {
            connection.close();
        } finally {
            turn.release();
        }
    }
}
