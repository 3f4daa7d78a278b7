package dev.skerry.cli;

import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code skerry attach}: picks up what another command had started before it was killed. */
@Command(
        name = "attach",
        description = {
            "Picks up a run or shell whose command was killed: passes on the output that nobody has read,",
            "and the rest, until it ends; its sandbox ends with it."
        },
        mixinStandardHelpOptions = true)
final class AttachCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(paramLabel = "NAME", description = "The name given with --id, or a sandbox's id.")
    private String name = "";

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    AttachCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (Host host = hostOptions.open(context);
                JobSandbox sandbox = host.attach(name);
                var _ = EndWithUs.watch(sandbox)) {
            Optional<JobProcess> shell = sandbox.find(ShellCommand.TAG);
            if (shell.isPresent()) {
                try (Terminal terminal = Terminal.raw(ShellCommand.WITHOUT_TERMINAL)) {
                    shell.get().resize(terminal.size());
                    return new Session(context, sandbox, shell.get(), Optional.of(terminal)).follow();
                }
            }
            JobProcess process = Stream.of("run", "compile")
                    .flatMap(tag -> sandbox.find(tag).stream())
                    .findFirst()
                    .orElseThrow(
                            () -> new Failure(ErrorCode.NOT_FOUND, "nothing was started in sandbox '" + name + "'"));
            return new Session(context, sandbox, process, Optional.empty()).follow();
        }
    }
}
