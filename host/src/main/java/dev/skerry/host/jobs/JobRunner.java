package dev.skerry.host.jobs;

import dev.skerry.host.jobs.Job.Program;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobResult.Stage;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
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

    private static final String OUT = FOLDER + "/.build";
    /** Of a compiler's output; more than this nobody reads. */
    private static final long COMPILER_OUTPUT_BYTES_MAX = 1 << 20;
    /** The guest's timer is the exact one; ours only catches a guest that does not keep it. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private static final int CANNOT_START = 126;
    private static final int NO_SUCH_COMMAND = 127;
    private static final Duration WITHOUT_LIMIT = Duration.ofDays(365);

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
        sandbox.makeFolder(FOLDER, job.user());
        job.workFolder().ifPresent(this::checkFolder);
        return switch (job.program()) {
            case Program.Command command ->
                result(
                        start,
                        Optional.empty(),
                        command.words().getFirst(),
                        Optional.empty(),
                        executeCommand(command.words()));
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
        Commands commands = Commands.of(toolchain, source);
        sandbox.write(FOLDER + "/" + commands.fileName(), source.content(), job.user());
        Optional<Stage> compile = Optional.empty();
        if (!toolchain.compile().isEmpty()) {
            sandbox.makeFolder(OUT, job.user());
            Stage stage = compile(commands, toolchain);
            compile = Optional.of(stage);
            if (stage.status() != JobStatus.OK) {
                return result(
                        start,
                        Optional.of(source.language()),
                        commands.compile().getFirst(),
                        compile,
                        Optional.empty());
            }
        }
        List<String> words = new ArrayList<>(commands.run());
        words.addAll(job.arguments());
        return result(
                start,
                Optional.of(source.language()),
                toolchain.programs().getFirst(),
                compile,
                execute(words, toolchain.compile().isEmpty() ? placed(toolchain.environment()) : Map.of()));
    }

    private Stage compile(Commands commands, Toolchain toolchain) throws InterruptedException {
        var plan = new Plan("compile", job.compileLimits(), COMPILER_OUTPUT_BYTES_MAX, Optional.empty());
        Stage stage = stage(
                plan,
                commands.compile(),
                placed(toolchain.environment()),
                JobStreams.keeping(InputStream.nullInputStream()));
        boolean keep = stage.status() == JobStatus.SANDBOX_ERROR || stage.status() == JobStatus.OK;
        return keep ? stage : withStatus(stage, JobStatus.COMPILE_ERROR);
    }

    private static Map<String, String> placed(Map<String, String> environment) {
        var values = new HashMap<>(environment);
        values.replaceAll((name, value) -> value.replace(Toolchain.OUT, OUT));
        return values;
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
        var plan = new Plan("probe", limits, COMPILER_OUTPUT_BYTES_MAX, Optional.empty());
        return stage(plan, candidate.probe(), Map.of(), JobStreams.keeping(InputStream.nullInputStream()))
                        .status()
                == JobStatus.OK;
    }

    private record Plan(String tag, StageLimits limits, long outputLimitBytes, Optional<String> folder) {}

    private Stage stage(Plan plan, List<String> words, Map<String, String> environment, JobStreams to)
            throws InterruptedException {
        var before = sandbox.usage();
        long start = System.nanoTime();
        var process = sandbox.start(new JobSandbox.Start(
                plan.tag(),
                words,
                environment(environment),
                plan.folder().orElse(FOLDER),
                job.user(),
                plan.limits(),
                Optional.empty()));
        // A platform thread: a virtual one that waits in read(2) cannot be interrupted.
        Thread input = Thread.ofPlatform().daemon().name("input").start(() -> feed(to.stdin(), process));
        var stdout = new OutputPump(process.stdout(), to.stdout(), plan.outputLimitBytes(), process::kill);
        var stderr = new OutputPump(process.stderr(), to.stderr(), plan.outputLimitBytes(), process::kill);
        Ending ending = await(process, plan.limits());
        Duration wall = Duration.ofNanos(System.nanoTime() - start);
        stdout.join();
        stderr.join();
        input.interrupt();
        var after = sandbox.usage();
        boolean cut = stdout.output().truncated() || stderr.output().truncated();
        JobStatus status = Verdict.decide(new Verdict.Facts(
                ending.exit().code(),
                ending.exit().signal(),
                ending.exit().timedOut(),
                ending.exit().cpuTime(),
                cut,
                after.outOfMemoryKills() - before.outOfMemoryKills(),
                ending.sandboxEnd()));
        Duration cpu = after.cpuTime().minus(before.cpuTime());
        return new Stage(
                status,
                ending.exit().code(),
                ending.exit().signal(),
                wall,
                cpu,
                stdout.output(),
                stderr.output(),
                ending.sandboxEnd());
    }

    private Map<String, String> environment(Map<String, String> ofToolchain) {
        var all = new HashMap<>(sandbox.environment());
        all.putAll(ofToolchain);
        all.putAll(job.environment());
        return all;
    }

    private static void feed(InputStream from, JobSandbox.JobProcess process) {
        try (var to = process.stdin()) {
            byte[] buffer = new byte[64 << 10];
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                to.write(buffer, 0, n);
                to.flush();
            }
        } catch (IOException | Failure e) {
            // The program has closed its input or ended: it does not want the rest, as with a pipe.
        }
    }

    private record Ending(JobSandbox.Exit exit, Optional<SandboxEnd> sandboxEnd) {}

    private Ending await(JobSandbox.JobProcess process, StageLimits limits) {
        var unknown = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.empty(), false, false);
        try {
            Optional<JobSandbox.Exit> exit =
                    process.await(limits.wall().map(GRACE::plus).orElse(WITHOUT_LIMIT));
            if (exit.isPresent()) {
                return new Ending(exit.get(), Optional.empty());
            }
            process.kill();
            process.await(GRACE);
            return new Ending(
                    new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), true, false), Optional.empty());
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            return new Ending(unknown, sandbox.awaitEnd(GRACE));
        }
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

    /** A toolchain's commands with the names of this source file put in. */
    private record Commands(String fileName, List<String> compile, List<String> run) {
        static Commands of(Toolchain toolchain, Program.Source source) {
            String given = source.fileName();
            String stem = given.contains(".") ? given.substring(0, given.lastIndexOf('.')) : given;
            String fileName = given;
            String main = stem;
            if (source.language() == Language.JAVA) {
                var java = JavaSource.read(new String(source.content(), StandardCharsets.UTF_8));
                fileName = java.fileStem(stem) + ".java";
                main = java.mainClass(java.fileStem(stem));
            }
            String path = FOLDER + "/" + fileName;
            String mainName = main;
            return new Commands(
                    fileName,
                    toolchain.compile().stream()
                            .map(word -> put(word, path, mainName))
                            .toList(),
                    toolchain.run().stream()
                            .map(word -> put(word, path, mainName))
                            .toList());
        }

        private static String put(String word, String path, String main) {
            return word.equals(Toolchain.SOURCE)
                    ? path
                    : word.replace(Toolchain.OUT, OUT).replace(Toolchain.MAIN, main);
        }
    }
}
