package dev.skerry.host.jobs;

import java.util.Locale;

/** How a job ended, in one word. */
public enum JobStatus {
    /** The program ended with exit code 0. */
    OK,
    /** The program ended with another exit code. */
    RUNTIME_ERROR,
    /** The compiler refused the program, or broke one of its own limits. */
    COMPILE_ERROR,
    /** A signal killed the program that none of the limits below had sent. */
    SIGNALLED,
    /** The wall-clock limit. */
    TIMED_OUT,
    /** The limit on CPU time. */
    CPU_TIME_EXCEEDED,
    OUT_OF_MEMORY,
    /** More output than asked for; what was over the limit is gone and the program was killed. */
    OUTPUT_LIMIT,
    /** The sandbox, not the program, failed. */
    SANDBOX_ERROR;

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
