package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.sqlite.SQLiteDataSource;

/** Brings the schema of a database up to what this version knows, and refuses one that is ahead of it. */
final class Migrations {
    /** Of the lock that one server holds while it migrates; "skerry" in ASCII. */
    private static final long LOCK = 0x736b65727279L;

    private Migrations() {}

    /**
     * For a database that nobody else has open.
     *
     * @param name of the database, for messages
     * @throws Failure {@code INVALID_REQUEST} when a newer version has written it
     */
    static void apply(DataSource source, String name) {
        Flyway flyway = flyway(source);
        try {
            refuseNewer(flyway, name);
            flyway.migrate();
        } catch (FlywayException e) {
            Optional<Failure> trouble = DatabaseTrouble.of(e);
            throw trouble.orElseGet(() -> new Failure(
                    ErrorCode.INTERNAL,
                    "the database " + name + " cannot be brought up to date",
                    "what is in it was not written by a released version: use another one, or restore a backup",
                    e));
        }
    }

    private static Flyway flyway(DataSource source) {
        return Flyway.configure(Migrations.class.getClassLoader())
                .dataSource(source)
                .locations("classpath:db/migration")
                .load();
    }

    /** Looked for once, when somebody asks. */
    private static final class Newest {
        static final int VERSION = find();

        private static int find() {
            SQLiteDataSource nothing = new SQLiteDataSource();
            nothing.setUrl("jdbc:sqlite::memory:");
            return version(flyway(nothing).info().all(), _ -> true);
        }
    }

    /** Of those that there are. */
    static int newest() {
        return Newest.VERSION;
    }

    /** Flyway would let it pass, and the first statement that does not fit would fail. */
    private static void refuseNewer(Flyway flyway, String name) {
        MigrationInfo[] all = flyway.info().all();
        int known = version(all, one -> one.getState().isResolved());
        int found = version(all, one -> one.getState().isApplied());
        if (found > known) {
            throw newer(name, found, known);
        }
    }

    private static int version(MigrationInfo[] all, Predicate<MigrationInfo> which) {
        return Arrays.stream(all)
                .filter(one -> one.getVersion() != null)
                .filter(which)
                .mapToInt(one -> Integer.parseInt(one.getVersion().getVersion()))
                .max()
                .orElse(0);
    }

    /** @param found the version that it has */
    static Failure newer(String name, int found, int known) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "the database " + name + " has a schema of version " + found
                        + ", and this version of Skerry knows those up to " + known,
                "start the version that wrote it, or a newer one; a schema is never taken back, so to return to"
                        + " this version restore a backup that was made before the upgrade");
    }

    /** For a database that several servers may open at a time: one migrates, the others wait for it. */
    static void applyInTurn(DataSource source, String name) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SET lock_timeout = '60s'");
            statement.execute("SELECT pg_advisory_lock(" + LOCK + ")");
            // The lock ends with the connection.
            apply(source, name);
        }
    }
}
