package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Numbers that only grow, after a database was put back to an earlier state: of leases (hosts refuse lower ones), of
 * events (clients ask for what comes after the last one they know, receivers of webhooks know events by them), of the
 * audit log, and of the lives of sandboxes that are a disk now. Each goes beyond what may have been given meanwhile: to
 * the microseconds since 1970, as none is given more than once in a microsecond. So one that was restored twice from
 * the same backup does not repeat itself either.
 */
public final class RaisedNumbers {
    /** More lives than a sandbox has between a backup and its restoration. */
    private static final long LIVES = 1_000_000;

    private RaisedNumbers() {}

    /**
     * For a database that no server uses.
     *
     * @param seen the greatest number of a lease that a host has seen
     * @throws Failure {@code CONFLICT} when a server has a lease
     */
    public static void raise(Database database, Instant now, long seen) {
        long floor = Math.max(Micros.of(now), Math.addExact(seen, 1));
        int _ = database.write(handle -> raise(handle, database.now(), floor));
    }

    /**
     * Before anything of that database is changed, also its schema.
     *
     * @throws Failure {@code CONFLICT} when a server has a lease; as {@link Database#open} when it cannot be used
     */
    public static void requireUnused(PostgresAddress address, Optional<Password> password) {
        try (Connection connection =
                PostgresConnections.unbounded(address, password).getConnection()) {
            Jdbi.create(connection).useHandle(handle -> {
                boolean leases = handle.createQuery("SELECT to_regclass('leases') IS NOT NULL")
                        .mapTo(Boolean.class)
                        .one();
                if (leases) {
                    requireUnused(handle, Database.POSTGRES_NOW);
                }
            });
        } catch (SQLException e) {
            throw Database.unusable(address, e);
        }
    }

    private static void requireUnused(Handle handle, String databaseNow) {
        boolean used = handle.createQuery("SELECT COUNT(*) FROM leases WHERE expires_at > " + databaseNow)
                        .mapTo(Long.class)
                        .one()
                > 0;
        if (used) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "a server uses the database",
                    "end all servers of this database, and try again");
        }
    }

    private static int raise(Handle handle, String databaseNow, long floor) {
        requireUnused(handle, databaseNow);
        return raise(handle, "leases", "fence", floor)
                + raise(handle, "counters", "value", floor)
                + handle.createUpdate("UPDATE sandboxes SET generation = generation + :lives"
                                + " WHERE live = 1 AND state = 'PAUSED' AND pause_kind = 'DISK'")
                        .bind("lives", LIVES)
                        .execute();
    }

    private static int raise(Handle handle, String table, String column, long floor) {
        return handle.createUpdate("UPDATE " + table + " SET " + column + " = CASE WHEN " + column
                        + " < :floor THEN :floor ELSE " + column + " + 1 END")
                .bind("floor", floor)
                .execute();
    }
}
