package dev.skerry.cli;

import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobResult;
import dev.skerry.host.jobs.JobResult.Stage;
import dev.skerry.host.jobs.JobStatus;
import dev.skerry.wire.Quantity;
import dev.skerry.wire.SandboxEnd;
import java.util.Locale;
import java.util.Optional;

/** What the user is told of a finished job, beyond the program's own output. */
final class Report {
    private Report() {}

    static void print(Context context, JobResult result, boolean json, StageLimits limits) {
        if (json) {
            context.print(ResultJson.of(result));
            return;
        }
        if (result.status() == JobStatus.COMPILE_ERROR || result.run().isEmpty()) {
            result.compile().ifPresent(compile -> printCompiler(context, compile));
        }
        words(result, limits).ifPresent(context::say);
    }

    private static void printCompiler(Context context, Stage compile) {
        context.stderr().writeBytes(compile.stdout().kept());
        context.stderr().writeBytes(compile.stderr().kept());
        context.stderr().flush();
    }

    /** Empty when the exit code says it all. */
    static Optional<String> words(JobResult result, StageLimits limits) {
        return switch (result.status()) {
            case OK, RUNTIME_ERROR -> Optional.empty();
            case COMPILE_ERROR -> Optional.of(compileWords(result));
            case SIGNALLED ->
                Optional.of("killed by signal "
                        + result.run().map(run -> run.signal().orElse(0)).orElse(0));
            case TIMED_OUT ->
                Optional.of("killed: it took longer than "
                        + limits.wall().map(Quantity::ofTime).orElse("allowed") + " (--timeout)");
            case CPU_TIME_EXCEEDED ->
                Optional.of("killed: it used more CPU time than "
                        + limits.cpu().map(Quantity::ofTime).orElse("allowed") + " (--cpu-time)");
            case OUT_OF_MEMORY ->
                Optional.of(
                        "killed: out of memory after " + Quantity.ofBytes(result.memoryPeakBytes()) + " (--memory)");
            case OUTPUT_LIMIT ->
                Optional.of("killed: it wrote more than the output limit (--output-limit); " + "the rest was cut off");
            case SANDBOX_ERROR ->
                Optional.of("the sandbox ended before the program did"
                        + result.run()
                                .or(result::compile)
                                .flatMap(Stage::sandboxEnd)
                                .map(end -> ": " + words(end))
                                .orElse(""));
        };
    }

    /** {@code SHIM_LOST} as {@code shim lost}, with what is known beyond it. */
    static String words(SandboxEnd end) {
        String cause = end.cause().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return end.detail().isEmpty() ? cause : cause + " (" + end.detail() + ")";
    }

    private static String compileWords(JobResult result) {
        Optional<Stage> compile = result.compile();
        int code = compile.map(stage -> stage.exitCode().orElse(-1)).orElse(-1);
        return code > 0
                ? "it does not compile (" + result.runtime() + " ended with " + code + ")"
                : "the compiler " + result.runtime() + " was stopped by its limits";
    }
}
