package dev.skerry.host.pools;

/** Knows how many processors of this host nobody uses. Thread-safe. */
public interface Spare {
    /** Something begins that will use one. */
    void begins();

    /**
     * Processors that nobody uses.
     *
     * @param busy so many of what has begun have not ended
     */
    int processors(int busy);
}
