package dev.skerry.server.database;

import org.jdbi.v3.core.Handle;

/** Something that is done in a transaction, which others may share; it may be done more than once. */
@FunctionalInterface
public interface Write<T> {
    /** @param leftovers for what can wait until all who share the transaction have done theirs */
    T in(Handle handle, Leftovers leftovers);
}
