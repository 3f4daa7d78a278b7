package dev.skerry.server.leases;

import java.util.function.LongSupplier;

/** Terms on a clock of the test's. */
public final class Terms {
    private Terms() {}

    public static Term of(Lease lease, long end, LongSupplier nanoTime) {
        return new Term(lease, end, nanoTime);
    }

    public static void extend(Term term, long end) {
        term.extend(end);
    }

    public static void end(Term term) {
        term.end();
    }
}
