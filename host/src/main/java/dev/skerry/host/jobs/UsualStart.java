package dev.skerry.host.jobs;

import dev.skerry.wire.jobs.JobFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How the program of a job is started that has no arguments. */
public final class UsualStart {
    private UsualStart() {}

    /**
     * As a job host starts it.
     *
     * @param program the name of its file; for Java of its main class
     * @param more variables of the job
     * @return without limits; empty when the sandbox's template cannot run the language
     */
    public static Optional<JobSandbox.Start> of(
            JobSandbox sandbox, Language language, String program, Map<String, String> more) {
        var file = new JobFile(language == Language.JAVA ? program + ".java" : program, new byte[0]);
        return language.toolchains().stream()
                .filter(toolchain -> toolchain.programs().stream().allMatch(sandbox::has))
                .findFirst()
                .map(toolchain -> start(sandbox, Recipe.of(language, toolchain, List.of(file)), more));
    }

    private static JobSandbox.Start start(JobSandbox sandbox, Recipe recipe, Map<String, String> more) {
        Map<String, String> environment = OrderRun.environment(sandbox, recipe.runEnvironment());
        environment.putAll(more);
        return new JobSandbox.Start(
                OrderRun.RUN_TAG,
                recipe.run(),
                environment,
                JobRunner.FOLDER,
                JobSandboxes.USER,
                new Job.StageLimits(Optional.empty(), Optional.empty()),
                Optional.empty());
    }
}
