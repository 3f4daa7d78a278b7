package dev.skerry.cli;

import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobRunner;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.wire.Privilege;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skerry shell}: a terminal in a sandbox. */
@Command(
        name = "shell",
        description = "Opens a terminal in a new sandbox, which ends with the shell.",
        customSynopsis = "./skerry shell [OPTIONS] [COMMAND [ARGUMENTS...]]",
        sortOptions = false,
        mixinStandardHelpOptions = true)
final class ShellCommand implements Callable<Integer> {
    static final String TAG = "shell";
    static final String WITHOUT_TERMINAL = "use ./skerry run -- COMMAND to run something with redirected input";

    private final Context context;

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "Instead of the shell (default: bash, or sh).")
    private List<String> command = List.of();

    @Option(names = "--timeout", paramLabel = "TIME", description = "Until the sandbox is ended (default: 12h).")
    private Duration timeout = Duration.ofHours(12);

    @Option(names = "--sudo", description = "Let programs such as sudo gain what the template allows.")
    private boolean sudo;

    @Option(names = "--in", paramLabel = "HOSTPATH[:PATH]", description = "Copy a file or folder in; may be repeated.")
    private List<String> in = List.of();

    @Mixin
    private SandboxOptions sandboxOptions = new SandboxOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    ShellCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        hostOptions.needRoot(context);
        List<Transfer> copies = in.stream().map(Transfer::in).toList();
        Map<String, String> own = sandboxOptions.environment();
        var spec = sandboxOptions.spec(timeout, Optional.empty(), sudo ? Privilege.SUDO : Privilege.NONE);
        try (Terminal terminal = Terminal.raw(WITHOUT_TERMINAL);
                Host host = hostOptions.open(context, sandboxOptions.launcher());
                JobSandbox sandbox = host.create(spec);
                var _ = EndWithUs.watch(sandbox)) {
            sandbox.makeFolder(JobRunner.FOLDER, sandboxOptions.user());
            copies.forEach(copy -> copy.copyIn(sandbox, sandboxOptions.user()));
            var process = sandbox.start(new JobSandbox.Start(
                    TAG,
                    command.isEmpty() ? List.of(shell(sandbox)) : command,
                    environment(sandbox, own),
                    sandboxOptions.workFolder().orElse(JobRunner.FOLDER),
                    sandboxOptions.user(),
                    new StageLimits(Optional.empty(), Optional.empty()),
                    Optional.of(terminal.size())));
            return new Session(context, sandbox, process, Optional.of(terminal)).follow();
        }
    }

    private static String shell(JobSandbox sandbox) {
        return Stream.of("/bin/bash", "/usr/bin/bash")
                .filter(sandbox::has)
                .findFirst()
                .orElse("/bin/sh");
    }

    private Map<String, String> environment(JobSandbox sandbox, Map<String, String> own) {
        Map<String, String> all = new HashMap<>(sandbox.environment());
        all.put("TERM", context.environment().getOrDefault("TERM", "xterm"));
        all.putAll(own);
        return all;
    }
}
