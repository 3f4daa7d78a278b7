package dev.skerry.server.jobs;

import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.util.List;
import java.util.function.Consumer;

/** Runs jobs for tenants, each in its turn: for every door of the server that takes programs. Thread-safe. */
public interface Jobs {
    List<LanguageRuntime> runtimes();

    /**
     * Runs a job when its turn comes and waits for its end. Interrupting the caller takes it out of the queue, or ends
     * it.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} with {@link Failure#retryAfter} when the queue has no place for it or it
     *     could not be done in time, saying how many are before it; and whatever
     *     {@link dev.skerry.wire.jobs.JobHost#run} throws
     */
    default JobOutcome run(Submission submission, JobListener listener) throws InterruptedException {
        return run(submission, listener, _ -> {});
    }

    /**
     * The same.
     *
     * @param decided is told before it runs how strongly it is walled off at least, and by which rule
     */
    JobOutcome run(Submission submission, JobListener listener, Consumer<TrustPolicy.Decision> decided)
            throws InterruptedException;
}
