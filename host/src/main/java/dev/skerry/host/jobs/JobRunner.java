package dev.skerry.host.jobs;

import dev.skerry.host.jobs.Job.Program;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobResult.Stage;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Carries a job out in a sandbox: puts the source file there, compiles it when its language asks for it, runs it, and
 * says how it went. The sandbox is the caller's, before and after.
 */
public final class JobRunner {
    /** Where source files go and programs start. */
    public static final String FOLDER = "/box";

    /** Of a compiler's output; more than this nobody reads. */
    private static final long COMPILER_OUTPUT_BYTES_MAX = 1 << 20;

    private static final int CANNOT_START = 126;
    private static final int NO_SUCH_COMMAND = 127;

    private final JobSandbox sandbox;
    private final Job job;
    private final JobStreams streams;

    private JobRunner(JobSandbox sandbox, Job job, JobStreams streams) {
        this.sandbox = sandbox;
        this.job = job;
        this.streams = streams;
    }

    /**
     * Runs the job to its end.
     *
     * @throws Failure {@code UNSUPPORTED} when the template has no toolchain for the language, {@code NOT_FOUND} or
     *     {@code DENIED} when a command cannot be started
     */
    public static JobResult run(JobSandbox sandbox, Job job, JobStreams streams) throws InterruptedException {
        return new JobRunner(sandbox, job, streams).run();
    }

    private JobResult run() throws InterruptedException {
        long start = System.nanoTime();
        return switch (job.program()) {
            case Program.Command command -> {
                sandbox.makeFolder(FOLDER, job.user());
                job.workFolder().ifPresent(this::checkFolder);
                yield result(
                        start,
                        Optional.empty(),
                        command.words().getFirst(),
                        Optional.empty(),
                        executeCommand(command.words()));
            }
            case Program.Source source -> runSource(start, source);
        };
    }

    private void checkFolder(String folder) {
        JobSandbox.Kind kind = sandbox.kind(folder, job.user());
        if (kind == JobSandbox.Kind.MISSING || kind == JobSandbox.Kind.FILE) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the working folder '" + folder + "' "
                            + (kind == JobSandbox.Kind.FILE ? "is a file" : "does not exist") + " in the sandbox",
                    "use one of the template's, or one that was copied in");
        }
    }

    private JobResult runSource(long start, Program.Source source) throws InterruptedException {
        Toolchain toolchain = toolchain(source.language());
        Recipe recipe =
                Recipe.of(source.language(), toolchain, List.of(new JobFile(source.fileName(), source.content())));
        sandbox.place(recipe.files(), recipe.folders(), job.user()).await();
        job.workFolder().ifPresent(this::checkFolder);
        Optional<Stage> compile = Optional.empty();
        if (!recipe.compile().isEmpty()) {
            Stage stage = compile(recipe);
            compile = Optional.of(stage);
            if (stage.status() != JobStatus.OK) {
                return result(
                        start, Optional.of(source.language()), recipe.compile().getFirst(), compile, Optional.empty());
            }
        }
        List<String> words = new ArrayList<>(recipe.run());
        words.addAll(job.arguments());
        return result(
                start,
                Optional.of(source.language()),
                toolchain.programs().getFirst(),
                compile,
                execute(words, recipe.runEnvironment()));
    }

    private Stage compile(Recipe recipe) throws InterruptedException {
        var plan = new Plan("compile", job.compileLimits(), COMPILER_OUTPUT_BYTES_MAX, Optional.empty());
        Stage stage =
                stage(plan, recipe.compile(), recipe.environment(), JobStreams.keeping(InputStream.nullInputStream()));
        boolean keep = stage.status() == JobStatus.SANDBOX_ERROR || stage.status() == JobStatus.OK;
        return keep ? stage : withStatus(stage, JobStatus.COMPILE_ERROR);
    }

    private static Stage withStatus(Stage s, JobStatus status) {
        return new Stage(status, s.exitCode(), s.signal(), s.wall(), s.cpu(), s.stdout(), s.stderr(), s.sandboxEnd());
    }

    private Optional<Stage> execute(List<String> words, Map<String, String> environment) throws InterruptedException {
        var plan = new Plan("run", job.runLimits(), job.outputLimitBytes(), job.workFolder());
        return Optional.of(stage(plan, words, environment, streams));
    }

    /** A command that cannot be started ends as in a shell: 127 when there is none, 126 when it may not be run. */
    private Optional<Stage> executeCommand(List<String> words) throws InterruptedException {
        try {
            return execute(words, Map.of());
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.DENIED) {
                throw e;
            }
            byte[] message = ("skerry: " + e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
            streams.stderr().ifPresent(stderr -> tell(stderr, message));
            byte[] kept = streams.stderr().isPresent() ? new byte[0] : message;
            return Optional.of(new Stage(
                    JobStatus.RUNTIME_ERROR,
                    OptionalInt.of(e.code() == ErrorCode.NOT_FOUND ? NO_SUCH_COMMAND : CANNOT_START),
                    OptionalInt.empty(),
                    Duration.ZERO,
                    Duration.ZERO,
                    new JobResult.Output(new byte[0], 0, false),
                    new JobResult.Output(kept, message.length, false),
                    Optional.empty()));
        }
    }

    private static void tell(OutputStream stderr, byte[] message) {
        try {
            stderr.write(message);
            stderr.flush();
        } catch (IOException e) {
            // Nobody listens; the exit code says it too.
        }
    }

    /** The first way to run the language whose programs the template has and whose probe succeeds. */
    private Toolchain toolchain(Language language) throws InterruptedException {
        for (Toolchain candidate : language.toolchains()) {
            if (candidate.programs().stream().allMatch(sandbox::has) && passesProbe(candidate)) {
                return candidate;
            }
        }
        var place = sandbox.place();
        throw new Failure(
                ErrorCode.UNSUPPORTED,
                "the template '" + place.template() + "' cannot run " + language.label(),
                place.template().equals("base")
                        ? "apt-get install -y --no-install-recommends " + language.packages()
                        : "use a template that has it; Debian's packages are: " + language.packages());
    }

    private boolean passesProbe(Toolchain candidate) throws InterruptedException {
        if (candidate.probe().isEmpty()) {
            return true;
        }
        var limits = new StageLimits(Optional.of(Duration.ofSeconds(10)), Optional.empty());
        // The job's own folder is not there yet.
        var plan = new Plan("probe", limits, COMPILER_OUTPUT_BYTES_MAX, Optional.of("/"));
        return stage(plan, candidate.probe(), Map.of(), JobStreams.keeping(InputStream.nullInputStream()))
                        .status()
                == JobStatus.OK;
    }

    private record Plan(String tag, StageLimits limits, long outputLimitBytes, Optional<String> folder) {}

    private Stage stage(Plan plan, List<String> words, Map<String, String> environment, JobStreams to)
            throws InterruptedException {
        var start = new JobSandbox.Start(
                plan.tag(),
                words,
                environment(environment),
                plan.folder().orElse(FOLDER),
                job.user(),
                plan.limits(),
                Optional.empty());
        var keptOut = new ByteArrayOutputStream();
        var keptErr = new ByteArrayOutputStream();
        StageRun.Ended ended = StageRun.run(
                sandbox,
                new StageRun.Plan(
                        start,
                        Optional.empty(),
                        StageInput.from(to.stdin()),
                        sink(to.stdout().orElse(keptOut)),
                        sink(to.stderr().orElse(keptErr)),
                        plan.outputLimitBytes(),
                        process -> {}));
        return new Stage(
                StageEnd.decide(ended.facts()),
                ended.exit().code(),
                ended.exit().signal(),
                ended.wall(),
                ended.cpu(),
                output(keptOut, ended.stdout()),
                output(keptErr, ended.stderr()),
                ended.sandboxEnd());
    }

    private static OutputPump.Sink sink(OutputStream to) {
        return (bytes, count) -> {
            to.write(bytes, 0, count);
            to.flush();
        };
    }

    private static JobResult.Output output(ByteArrayOutputStream kept, OutputPump pump) {
        return new JobResult.Output(kept.toByteArray(), pump.bytes(), pump.truncated());
    }

    private Map<String, String> environment(Map<String, String> ofToolchain) {
        var all = new HashMap<>(sandbox.environment());
        all.putAll(ofToolchain);
        all.putAll(job.environment());
        return all;
    }

    private JobResult result(
            long start, Optional<Language> language, String runtime, Optional<Stage> compile, Optional<Stage> run) {
        var usage = sandbox.usage();
        return new JobResult(
                run.or(() -> compile).map(Stage::status).orElse(JobStatus.SANDBOX_ERROR),
                language.map(Language::label),
                runtime,
                compile,
                run,
                Duration.ofNanos(System.nanoTime() - start),
                usage.memoryPeakBytes(),
                usage.outOfMemoryKills(),
                sandbox.place());
    }
}
