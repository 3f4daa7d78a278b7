package dev.skerry.e2e;

/**
 * One attack of the table in docs/SPEC.md.
 *
 * @param name the first column
 */
record Attack(String name, Attempt attempt) {
    /** Does it, and says in the words of the table's last column what the client got. */
    @FunctionalInterface
    interface Attempt {
        String told(Doors doors) throws Exception;
    }
}
