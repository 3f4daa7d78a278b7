package dev.skerry.server.database;

import org.jdbi.v3.core.Handle;

/** Says at the beginning of a transaction whether what follows may be written. Compared by identity. */
@FunctionalInterface
public interface Guard {
    /** Lets everything pass. */
    Guard NONE = _ -> {};

    /**
     * Passes when it may, and it stays so until the transaction ends; throws otherwise.
     *
     * @throws RuntimeException which who writes hears
     */
    void check(Handle transaction);
}
