package dev.skerry.testkit;

/**
 * Something that is promised of every sandbox.
 *
 * @param id as in docs/SPEC.md: C1 …
 */
public record Claim(String id, String title, Attack attack) {
    /**
     * Tries to break the claim. Throws {@link ClaimBroken} when that works; any other exception means that the attack
     * could not be made.
     */
    @FunctionalInterface
    public interface Attack {
        void on(Arena arena) throws Exception;
    }

    /** Attacks, and looks whether the host is as it was before. */
    public void check(Arena arena) throws Exception {
        try (arena) {
            attack.on(arena);
        }
    }
}
