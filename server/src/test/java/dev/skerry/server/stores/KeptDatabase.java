package dev.skerry.server.stores;

import dev.skerry.server.database.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A database of a released version, as a text of SQL below {@code resources/kept}. */
record KeptDatabase(String kind, int version) {
    static final String SQLITE = "sqlite";
    static final String POSTGRESQL = "postgresql";

    /** Those that there are, of both kinds. */
    static List<KeptDatabase> all() throws IOException {
        List<KeptDatabase> all = new ArrayList<>();
        for (String kind : List.of(SQLITE, POSTGRESQL)) {
            try (Stream<Path> files = Files.list(Path.of("src/test/resources/kept", kind))) {
                files.map(file -> file.getFileName().toString().replaceFirst("^V(\\d+)\\.sql$", "$1"))
                        .map(Integer::valueOf)
                        .sorted()
                        .forEach(version -> all.add(new KeptDatabase(kind, version)));
            }
        }
        return all;
    }

    Path in(Path folder) {
        return folder.resolve(kind).resolve("V" + version + ".sql");
    }

    void load(Connection into) throws SQLException, IOException {
        try (into;
                Statement statement = into.createStatement()) {
            statement.execute("SELECT 1");
            for (String each : statements(Files.readString(in(Path.of("src/test/resources/kept"))))) {
                statement.execute(each);
            }
        }
    }

    /** A line that ends with a semicolon ends a statement: values have no line breaks. */
    private static List<String> statements(String text) {
        return Stream.of(text.split(";\n", -1)).filter(each -> !each.isBlank()).toList();
    }

    /** All that is in a SQLite file, in the order in which it was made. */
    static String dump(Path sqlite) throws SQLException {
        StringBuilder text = new StringBuilder();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + sqlite);
                Statement statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet rows =
                    statement.executeQuery("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")) {
                while (rows.next()) {
                    text.append(rows.getString("sql").strip()).append(";\n");
                    if (rows.getString("type").equals("table")) {
                        tables.add(rows.getString("name"));
                    }
                }
            }
            for (String table : tables) {
                dumpRows(statement, table, text);
            }
        }
        return text.toString();
    }

    private static void dumpRows(Statement statement, String table, StringBuilder text) throws SQLException {
        String columns = "";
        try (ResultSet names = statement.executeQuery(
                "SELECT group_concat('quote(\"' || name || '\")', '|| '', '' ||') FROM pragma_table_info('" + table
                        + "')")) {
            names.next();
            columns = names.getString(1);
        }
        try (ResultSet rows = statement.executeQuery("SELECT " + columns + " FROM \"" + table + "\"")) {
            while (rows.next()) {
                text.append("INSERT INTO \"").append(table).append("\" VALUES (");
                text.append(rows.getString(1)).append(");\n");
            }
        }
    }

    /** All that is in a database of PostgreSQL, without what a driver cannot execute and nobody needs. */
    static String dump(PostgresServer server, String database) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line : server.dump(database).split("\n", -1)) {
            boolean words = line.isBlank()
                    || line.startsWith("--")
                    || line.startsWith("\\")
                    || line.startsWith("SET ")
                    || line.startsWith("SELECT pg_catalog.set_config");
            if (!words) {
                text.append(line).append('\n');
            }
        }
        return text.toString();
    }

    /** @throws IllegalStateException when it is there: what was released does not change any more */
    void write(Path folder, String text) throws IOException {
        Path file = in(folder);
        if (Files.exists(file)) {
            throw new IllegalStateException(file + " is there already");
        }
        Files.createDirectories(file.getParent());
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Versions of one kind. */
    static TreeSet<Integer> versions(String kind) throws IOException {
        TreeSet<Integer> versions = new TreeSet<>();
        for (KeptDatabase each : all()) {
            if (each.kind().equals(kind)) {
                versions.add(each.version());
            }
        }
        return versions;
    }

    @Override
    public String toString() {
        return kind + " V" + version;
    }
}
