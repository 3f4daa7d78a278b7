package dev.skerry.server.sandboxes;

/** A write threw; perhaps it happened. */
final class UncheckedStoreTrouble extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UncheckedStoreTrouble() {
        super("the database is busy", null, false, false);
    }
}
