package dev.skerry.host.jobs;

import dev.skerry.wire.jobs.JobFile;
import java.util.List;
import java.util.Optional;

/** How the program of a job is started that asks for nothing special: no arguments, no environment of its own. */
public final class UsualStart {
    private UsualStart() {}

    /**
     * Of a program in a file of the usual name ({@link Language#fileName()}); for Java, of its class.
     *
     * @return without limits; empty when the sandbox's template cannot run the language
     */
    public static Optional<JobSandbox.Start> of(JobSandbox sandbox, Language language) {
        return language.toolchains().stream()
                .filter(toolchain -> toolchain.programs().stream().allMatch(sandbox::has))
                .findFirst()
                .map(toolchain -> start(
                        sandbox,
                        language,
                        Recipe.of(language, toolchain, List.of(new JobFile(language.fileName(), new byte[0])))));
    }

    private static JobSandbox.Start start(JobSandbox sandbox, Language language, Recipe recipe) {
        return new JobSandbox.Start(
                OrderRun.RUN_TAG,
                recipe.run(),
                OrderRun.environment(sandbox, language.label(), recipe.runEnvironment()),
                JobRunner.FOLDER,
                JobSandboxes.USER,
                new Job.StageLimits(Optional.empty(), Optional.empty()),
                Optional.empty());
    }
}
