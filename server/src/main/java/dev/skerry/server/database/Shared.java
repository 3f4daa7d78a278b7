package dev.skerry.server.database;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** What the writes of one transaction, or of one savepoint, share. */
final class Shared {
    private final Handle handle;
    private final Set<Guard> passed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Leftovers leftovers = new Leftovers();

    Shared(Handle handle) {
        this.handle = handle;
    }

    Handle handle() {
        return handle;
    }

    Leftovers leftovers() {
        return leftovers;
    }

    /** Throws what the guard throws, unless it has passed before. */
    void pass(Guard guard) {
        if (!passed.contains(guard)) {
            guard.check(handle);
            passed.add(guard);
        }
    }

    /** After the last write. */
    void end() {
        leftovers.store(handle);
    }
}
