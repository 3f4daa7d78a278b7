package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.StageOutcome;
import java.util.Locale;

/** What a judge says of a case, or of all of them. */
public enum Verdict {
    ACCEPTED,
    WRONG_ANSWER,
    TIME_LIMIT,
    MEMORY_LIMIT,
    OUTPUT_LIMIT,
    RUNTIME_ERROR,
    COMPILE_ERROR,
    /** Not the program failed, but what ran it, or the interactor. */
    INTERNAL_ERROR,
    /** It was ended from outside. */
    CANCELLED,
    /** It was not run, as one before it was not accepted. */
    SKIPPED;

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Of how a program ended, whatever it wrote. */
    static Verdict of(StageOutcome.Status status) {
        return switch (status) {
            case OK -> ACCEPTED;
            case RUNTIME_ERROR, SIGNALLED -> RUNTIME_ERROR;
            case TIMED_OUT, CPU_TIME_EXCEEDED -> TIME_LIMIT;
            case OUT_OF_MEMORY -> MEMORY_LIMIT;
            case STDOUT_LIMIT, STDERR_LIMIT -> OUTPUT_LIMIT;
            case CANCELLED -> CANCELLED;
            case SANDBOX_ERROR -> INTERNAL_ERROR;
        };
    }

    /** Of how compiling ended. */
    static Verdict ofCompiling(StageOutcome.Status status) {
        return switch (status) {
            case OK -> ACCEPTED;
            case CANCELLED -> CANCELLED;
            case SANDBOX_ERROR -> INTERNAL_ERROR;
            case RUNTIME_ERROR, SIGNALLED, TIMED_OUT, CPU_TIME_EXCEEDED, OUT_OF_MEMORY, STDOUT_LIMIT, STDERR_LIMIT ->
                COMPILE_ERROR;
        };
    }
}
