package dev.skerry.wire.jobs;

/**
 * Is told what happens in a job while it happens, by threads of the host, one call at a time. Who does not return holds
 * the program back.
 */
public interface JobListener {
    JobListener NOBODY = new JobListener() {};

    /** A sandbox was found or made for it. */
    default void placed(JobPlace place) {}

    /** A stage begins. {@code run} counts from 0; of compiling it is 0. */
    default void begins(Phase phase, int run, JobControl control) {}

    /** The program wrote. Everything that counts against its limit, in the order of arrival. */
    default void wrote(Stream stream, byte[] bytes) {}

    /** A stage has ended. False: the cases after it are not run. */
    default boolean ended(Phase phase, int run, StageOutcome outcome) {
        return true;
    }

    /** What a process of a job does. */
    enum Phase {
        COMPILE,
        RUN
    }

    /** Where it writes to. */
    enum Stream {
        STDOUT,
        STDERR
    }
}
