package dev.skerry.cli;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.Job;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobResult;
import dev.skerry.host.jobs.JobRunner;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobStreams;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code skerry run}: a program, once, in a sandbox of its own. */
@Command(
        name = "run",
        description = "Runs a program in a sandbox of its own and passes its input, output and exit code through.",
        synopsisHeading = "Usage: ",
        customSynopsis = {
            "./skerry run [OPTIONS] FILE [ARGUMENTS...]",
            "       ./skerry run [OPTIONS] --lang LANGUAGE -c CODE [ARGUMENTS...]",
            "       ./skerry run [OPTIONS] -- COMMAND [ARGUMENTS...]"
        },
        sortOptions = false,
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code: that of the program, or%n",
        exitCodeList = {
            "1:the program did not compile (the compiler's words are on standard error)",
            "2:the command line is wrong",
            "124:it took longer than --timeout",
            "125:Skerry or the sandbox failed, not the program, or its output could not be written",
            "126:the command cannot be started",
            "127:the command does not exist",
            "128+N:signal N killed it",
            "137:it ran out of memory",
            "141:nobody reads what it prints any longer, as after '| head'",
            "152:it used up --cpu-time",
            "153:it wrote more than --output-limit"
        })
final class RunCommand implements Callable<Integer> {
    private static final long PASSED_BYTES_MAX = 64L << 20;
    private static final long KEPT_BYTES_MAX = 8L << 20;
    /** Making the sandbox, copying files in and out: what its deadline allows beyond the limits of the program. */
    private static final Duration MARGIN = Duration.ofSeconds(30);

    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..*", paramLabel = "FILE|COMMAND", description = "What to run, and its arguments.")
    private List<String> words = List.of();

    @Option(
            names = "--lang",
            paramLabel = "LANGUAGE",
            completionCandidates = LanguageNames.class,
            description = "One of ${COMPLETION-CANDIDATES} (default: by the file's extension).")
    private Optional<String> language = Optional.empty();

    @Option(
            names = {"-c", "--code"},
            paramLabel = "CODE",
            description = "The program itself instead of a file.")
    private Optional<String> code = Optional.empty();

    @Option(names = "--timeout", paramLabel = "TIME", description = "10s, 1500ms, or seconds (default: 5m).")
    private Duration timeout = Duration.ofMinutes(5);

    @Option(names = "--cpu-time", paramLabel = "TIME", description = "CPU time of all its processes together.")
    private Optional<Duration> cpuTime = Optional.empty();

    @Option(
            names = "--output-limit",
            paramLabel = "SIZE",
            description = "Of standard output and of standard error (default: 64m, with --json 8m).")
    private Optional<Long> outputLimit = Optional.empty();

    @Mixin
    private SandboxOptions sandboxOptions = new SandboxOptions();

    @Option(
            names = "--in",
            paramLabel = "HOSTPATH[:PATH]",
            description = "Copy a file or folder in, to /box or PATH; may be repeated.")
    private List<String> in = List.of();

    @Option(
            names = "--out",
            paramLabel = "PATH:HOSTPATH",
            description = "Copy a file or folder out afterwards; links are left out; may be repeated.")
    private List<String> out = List.of();

    @Option(names = "--json", description = "Print one JSON object with the result instead of the program's output.")
    private boolean json;

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    RunCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try {
            return run();
        } catch (Failure failure) {
            if (!json) {
                throw failure;
            }
            context.print(ResultJson.of(failure));
            return FailurePrinter.exitCode(failure.code());
        }
    }

    private int run() throws InterruptedException {
        var choice = new ProgramChoice(language, code, words, afterDashes());
        Job.Program program = choice.program();
        var limits = new StageLimits(Optional.of(timeout), cpuTime);
        Job job = new Job(
                program,
                choice.arguments(),
                sandboxOptions.environment(),
                sandboxOptions.workFolder(),
                sandboxOptions.user(),
                StageLimits.COMPILE,
                limits,
                outputLimit.orElse(json ? KEPT_BYTES_MAX : PASSED_BYTES_MAX));
        List<Transfer> copiesIn = in.stream().map(Transfer::in).toList();
        List<Transfer> copiesOut = out.stream().map(Transfer::out).toList();
        SandboxSpec sandboxSpec = spec(program);
        try (Host host = hostOptions.open(context, sandboxOptions.launcher());
                JobSandbox sandbox = host.create(sandboxSpec);
                var _ = EndWithUs.watch(sandbox)) {
            copiesIn.forEach(copy -> copy.copyIn(sandbox, job.user()));
            var stdout = new WatchedOutput(context.stdout());
            JobResult result = JobRunner.run(sandbox, job, streams(stdout));
            // One JSON object: it says either how the program ended, or why what it left could not be had.
            if (json) {
                copyOut(copiesOut, sandbox, sandboxSpec.limits().diskBytes());
            }
            // What nobody takes the output of is killed, and that is all there is to say of it.
            if (!stdout.isLost()) {
                Report.print(context, result, json, limits);
            }
            if (!json) {
                copyOut(copiesOut, sandbox, sandboxSpec.limits().diskBytes());
            }
            stdout.check();
            return ExitCode.of(result);
        }
    }

    /** The sandbox's own limits leave room for the compiler; the program's exact ones are its process's. */
    private SandboxSpec spec(Job.Program program) {
        boolean compiles = program instanceof Job.Program.Source;
        Duration compile = compiles ? StageLimits.COMPILE.wall().orElse(Duration.ZERO) : Duration.ZERO;
        Optional<Duration> cpu = cpuTime.map(
                time -> compiles ? time.plus(StageLimits.COMPILE.cpu().orElse(Duration.ZERO)) : time);
        return sandboxOptions.spec(timeout.plus(compile).plus(MARGIN), cpu, Privilege.NONE);
    }

    private void copyOut(List<Transfer> copies, JobSandbox sandbox, long bytesMax) {
        for (Transfer copy : copies) {
            long leftOut = copy.copyOut(sandbox, sandboxOptions.user(), bytesMax);
            if (leftOut > 0) {
                context.say("--out " + copy.inside() + ": " + leftOut + " links or special files were left out");
            }
        }
    }

    private JobStreams streams(OutputStream stdout) {
        return json
                ? JobStreams.keeping(context.stdin())
                : JobStreams.passing(context.stdin(), stdout, context.stderr());
    }

    /** Whether the words came after a "--" of ours. */
    private boolean afterDashes() {
        List<String> all = spec.commandLine().getParseResult().originalArgs();
        int before = all.size() - words.size() - 1;
        if (before < 0 || words.isEmpty()) {
            return false;
        }
        return all.get(before).equals("--");
    }

    static Failure nothingToRun() {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "there is nothing to run",
                "write ./skerry run FILE, ./skerry run --lang python -c CODE, or ./skerry run -- COMMAND");
    }
}
