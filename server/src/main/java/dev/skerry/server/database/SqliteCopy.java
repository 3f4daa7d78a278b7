package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** Copies of a SQLite file that a server may be writing to, and what can be said of one without changing it. */
public final class SqliteCopy {
    private static final int BUSY_MILLIS = 10_000;
    private static final int FIRST_WITH_SEALED = 5;

    /**
     * What is in a copy.
     *
     * @param schema version of its newest migration
     * @param sandboxes how many have not ended
     * @param sealed the beginning of everything that is stored encrypted, which names the secret
     */
    public record Facts(int schema, long sandboxes, Set<String> sealed) {
        public Facts {
            sealed = Set.copyOf(sealed);
        }
    }

    private SqliteCopy() {}

    /**
     * Writes what is committed at one moment, whatever others write meanwhile: also what is only in the write-ahead log
     * yet. It keeps nobody from writing. The copy is not synced.
     *
     * @param copy must not be there
     */
    public static void write(Path database, Path copy) {
        if (!Files.isRegularFile(database)) {
            throw new Failure(
                    ErrorCode.NOT_FOUND,
                    "there is no database " + database,
                    "name the server's data folder with --data");
        }
        try (Connection connection = connect(database);
                PreparedStatement statement = connection.prepareStatement("VACUUM INTO ?")) {
            statement.setString(1, copy.toAbsolutePath().toString());
            statement.execute();
        } catch (SQLException e) {
            throw DatabaseTrouble.of(new IllegalStateException(e))
                    .orElseGet(() -> new Failure(
                            ErrorCode.CONFLICT,
                            "the database " + database + " cannot be copied: " + e.getMessage(),
                            "if it is damaged, restore the last backup",
                            e));
        }
    }

    private static Connection connect(Path file) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLIS);
        config.resetOpenMode(SQLiteOpenMode.CREATE);
        return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
    }

    /**
     * Reads all of a copy that nobody else has open.
     *
     * @throws Failure {@code CONFLICT} when it is damaged, or is not the database of a server; {@code INVALID_REQUEST}
     *     when a newer version has written it
     */
    public static Facts check(Path copy) {
        try (Connection connection = connect(copy);
                Statement statement = connection.createStatement()) {
            String found = text(statement, "PRAGMA integrity_check(1)");
            if (!found.equals("ok")) {
                throw damaged(found);
            }
            int schema = Integer.parseInt(text(
                    statement,
                    "SELECT COALESCE(MAX(CAST(version AS INTEGER)), 0) FROM flyway_schema_history WHERE success = 1"));
            if (schema > Migrations.newest()) {
                throw Migrations.newer("that is copied", schema, Migrations.newest());
            }
            long live = Long.parseLong(text(statement, "SELECT COUNT(*) FROM sandboxes WHERE live = 1"));
            return new Facts(schema, live, schema < FIRST_WITH_SEALED ? Set.of() : sealed(statement));
        } catch (SQLException e) {
            throw damaged(e.getMessage());
        }
    }

    private static String text(Statement statement, String query) throws SQLException {
        try (ResultSet rows = statement.executeQuery(query)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    private static Set<String> sealed(Statement statement) throws SQLException {
        Set<String> found = new TreeSet<>();
        try (ResultSet rows = statement.executeQuery("SELECT DISTINCT SUBSTR(environment, 1, 16) FROM sandboxes"
                + " WHERE environment <> '' UNION SELECT SUBSTR(secret, 1, 16) FROM webhooks WHERE secret <> ''")) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    private static Failure damaged(String why) {
        return new Failure(ErrorCode.CONFLICT, "the copy of the database is damaged: " + why, "use another backup");
    }
}
