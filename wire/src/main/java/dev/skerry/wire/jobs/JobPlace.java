package dev.skerry.wire.jobs;

import dev.skerry.wire.Isolation;

/**
 * Where a job ran.
 *
 * @param isolation what was achieved, not what was asked for
 * @param driver what made the sandbox, with its version
 * @param templateDigest {@code sha256:…}
 */
public record JobPlace(
        String sandbox, Isolation isolation, String driver, String template, String templateDigest, Warmth warmth) {
    /** The same place, after it has turned out to be less ready. */
    public JobPlace with(Warmth other) {
        return new JobPlace(sandbox, isolation, driver, template, templateDigest, other);
    }

    /** How ready its sandbox was when the job came. */
    public enum Warmth {
        /** Made after the request. */
        COLD,
        /** Ready, with nothing of the program started. */
        WARM,
        /** Ready, with the interpreter already running and waiting. */
        PRESTARTED
    }
}
