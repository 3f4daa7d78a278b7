package dev.skerry.host.jobs;

import java.util.Optional;

/** An interpreter that was started before its job came, and waits in its sandbox. It is released once at most. */
public interface WaitingProgram {
    /**
     * Lets it run the program. The files of the job are in place.
     *
     * @param start as it would be started anew: words, environment, folder, user and limits
     * @return the running program, with streams as of one that was started; empty when this start is one that it would
     *     not run in the same way: the interpreter is then gone, and the caller starts the program itself
     */
    Optional<JobSandbox.JobProcess> release(JobSandbox.Start start);
}
