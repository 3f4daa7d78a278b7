package dev.skerry.server.database;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * How far one search looks: over so many rows of an index, so that one that finds nothing ends soon, too. Rows are
 * counted, as numbers of sequence may jump.
 */
public enum Window {
    FORWARD("ASC", "<="),
    BACKWARD("DESC", ">=");

    public static final int ROWS = 20_000;

    private final String order;
    private final String within;

    Window(String order, String within) {
        this.order = order;
        this.within = within;
    }

    public String order() {
        return order;
    }

    /**
     * The number of the last row that is looked at; empty if all are.
     *
     * @param start what an index answers: equality with one column, and where the sequence begins
     */
    public Optional<Long> end(Handle handle, String table, Conditions start) {
        return start.bindTo(handle.createQuery("SELECT sequence FROM " + table + " WHERE " + start.sql()
                        + " ORDER BY sequence " + order + " LIMIT 1 OFFSET " + (ROWS - 1)))
                .mapTo(Long.class)
                .findOne();
    }

    /** Leaves out what is beyond. */
    public Conditions limit(Conditions conditions, Optional<Long> end) {
        return conditions.and("sequence " + within, end);
    }
}
