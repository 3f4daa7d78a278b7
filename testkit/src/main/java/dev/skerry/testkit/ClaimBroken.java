package dev.skerry.testkit;

/** An attack succeeded. */
public final class ClaimBroken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClaimBroken(String what) {
        super(what);
    }

    /** Throws unless the condition holds. */
    static void unless(boolean condition, String what) {
        if (!condition) {
            throw new ClaimBroken(what);
        }
    }
}
