package dev.skerry.wire.jobs;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.util.List;
import java.util.Map;

/**
 * What to run, once.
 *
 * @param id for logs; unique among running jobs
 * @param runtime one of {@link JobHost#runtimes()}
 * @param floor the weakest isolation that will do
 * @param limits of the whole sandbox; the stages' own come on top
 * @param files the first is the main file; names are relative paths that stay inside the job's folder
 * @param environment added to the template's; what a process cannot have is refused
 * @param prestarted whether an interpreter that already waits in its sandbox may run it, where the program cannot tell
 * @param cases each is one run, one after the other, in the same sandbox; at least one
 */
public record JobOrder(
        String id,
        LanguageRuntime runtime,
        Isolation floor,
        Limits limits,
        List<JobFile> files,
        Map<String, String> environment,
        StageLimits compile,
        boolean prestarted,
        List<JobCase> cases) {
    public JobOrder {
        files = List.copyOf(files);
        environment = ProcessTexts.environment(environment);
        cases = List.copyOf(cases);
    }

    public JobOrder withLimits(Limits others) {
        return new JobOrder(id, runtime, floor, others, files, environment, compile, prestarted, cases);
    }
}
