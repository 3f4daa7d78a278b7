package dev.skerry.server.tenants;

/** Kinds of requests that have a rate of their own. */
public enum Traffic {
    /** New sandboxes; by key. */
    CREATE("creates"),
    /** Whatever else changes something; by key. */
    MUTATE("changes"),
    /** By key. */
    READ("reads"),
    /** To ports of sandboxes; by client address. */
    DATA("requests to sandboxes"),
    /** Without a key, or with one that is not valid; by client address. */
    UNKNOWN("requests without a valid key"),
    /** Programs to run; by key. */
    JOB("jobs"),
    /** Programs of somebody who needs no key; by client address. */
    ANONYMOUS("jobs without a key");

    private final String words;

    Traffic(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }
}
