package dev.skerry.server.database;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Rows that the writes of a transaction leave to its end, where those of all of them are stored together: on a database
 * behind a network each statement is a journey. Of one transaction.
 */
public final class Leftovers {
    private final IdentityHashMap<Sink<?>, Pile<?>> piles = new IdentityHashMap<>();

    /** Where rows of one kind go. Compared by identity. */
    @FunctionalInterface
    public interface Sink<R> {
        /** @param rows at least one, in the order in which they were left */
        void store(Handle handle, List<R> rows);
    }

    private record Pile<R>(Sink<R> sink, List<R> rows) {
        Pile(Sink<R> sink) {
            this(sink, new ArrayList<>());
        }

        void add(Object row) {
            @SuppressWarnings("unchecked") // of its own sink
            R own = (R) row;
            rows.add(own);
        }

        void store(Handle handle) {
            sink.store(handle, rows);
        }
    }

    public <R> void leave(Sink<R> sink, R row) {
        piles.computeIfAbsent(sink, Pile::new).add(row);
    }

    void store(Handle handle) {
        piles.values().forEach(pile -> pile.store(handle));
    }
}
