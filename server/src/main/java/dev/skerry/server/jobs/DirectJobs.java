package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.util.List;

/** Jobs without a queue: each goes to the host at once. */
public record DirectJobs(JobHost host) implements Jobs {
    @Override
    public List<LanguageRuntime> runtimes() {
        return host.runtimes();
    }

    @Override
    public JobOutcome run(Submission submission, JobListener listener) throws InterruptedException {
        return host.run(submission.order(), listener);
    }
}
