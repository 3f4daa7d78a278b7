package dev.skerry.server.database;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.statement.Query;

/** What rows must satisfy, all of it, in SQL that SQLite and PostgreSQL both understand; values are bound. */
public final class Conditions {
    private static final String ESCAPE = "!";

    private final StringBuilder sql = new StringBuilder("1 = 1");
    private final Map<String, Object> values = new LinkedHashMap<>();

    /** @param comparison of a column, as in {@code at >=} */
    public Conditions and(String comparison, Optional<?> value) {
        value.ifPresent(one -> sql.append(" AND ").append(comparison).append(bound(one)));
        return this;
    }

    /** One of them; nothing is demanded if there are none. */
    public Conditions in(String column, List<?> allowed) {
        if (!allowed.isEmpty()) {
            sql.append(" AND ")
                    .append(column)
                    .append(allowed.stream().map(this::bound).collect(Collectors.joining(", ", " IN (", ")")));
        }
        return this;
    }

    /** Fixed text. */
    public Conditions and(String condition) {
        sql.append(" AND ").append(condition);
        return this;
    }

    /**
     * The text is somewhere in one of the columns, whatever the case of its letters of ASCII. The database lowers both:
     * how it takes other letters is its own affair, but a text is found by itself.
     */
    public Conditions contains(List<String> columns, Optional<String> text) {
        text.ifPresent(one -> {
            String pattern = one.replaceAll("([!%_])", ESCAPE + "$1");
            String place = bound("%" + pattern + "%");
            sql.append(columns.stream()
                    .map(column -> "LOWER(" + column + ") LIKE LOWER(" + place + ") ESCAPE '" + ESCAPE + "'")
                    .collect(Collectors.joining(" OR ", " AND (", ")")));
        });
        return this;
    }

    private String bound(Object value) {
        String name = "condition" + values.size();
        // PostgreSQL has no character NUL, so nothing that is stored has one.
        values.put(name, value instanceof String text ? text.replace('\0', '\ufffd') : value);
        return " :" + name;
    }

    /** After WHERE. */
    public String sql() {
        return sql.toString();
    }

    public Query bindTo(Query query) {
        return query.bindMap(values);
    }
}
