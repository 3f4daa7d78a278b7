package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.cli.client.Envd;
import dev.skerry.cli.client.ProcessStart;
import dev.skerry.cli.client.RemoteProcess;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skerry exec}: a command in a sandbox of the server. */
@Command(
        name = "exec",
        description = "Runs a command in a sandbox of the server and passes its output and exit code through.",
        customSynopsis = "./skerry exec [OPTIONS] ID COMMAND [ARGUMENTS...]",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code: that of the command, or%n",
        exitCodeList = {
            "2:the command line is wrong",
            "125:the sandbox or the server failed, not the command",
            "126:the command cannot be started",
            "127:the command does not exist",
            "128+N:signal N killed it"
        })
final class ExecCommand implements Callable<Integer> {
    private static final String WITHOUT_TERMINAL = "leave -t out; -i passes redirected input on";

    private final Context context;

    @Parameters(index = "0", paramLabel = "ID", description = "The sandbox.")
    private String id = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "What to run, and its arguments.")
    private List<String> words = List.of();

    @Option(
            names = {"-i", "--interactive"},
            description = "Pass standard input on.")
    private boolean interactive;

    @Option(
            names = {"-t", "--tty"},
            description = "Run it on a terminal, as -it for a shell.")
    private boolean tty;

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER",
            description = "Who it is inside (default: the template's).")
    private Optional<String> user = Optional.empty();

    @Option(
            names = {"-w", "--workdir"},
            paramLabel = "PATH",
            description = "Where it starts (default: that user's home).")
    private Optional<String> folder = Optional.empty();

    @Option(
            names = {"-e", "--env"},
            paramLabel = "NAME=VALUE",
            description = "A variable of its environment; may be repeated.")
    private List<String> environment = List.of();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    ExecCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        Map<String, String> own = Pairs.environment("--env", environment);
        if (!tty) {
            return run(own, Optional.empty());
        }
        try (Terminal terminal = Terminal.raw(WITHOUT_TERMINAL)) {
            Map<String, String> all = new LinkedHashMap<>();
            all.put("TERM", context.environment().getOrDefault("TERM", "xterm"));
            all.putAll(own);
            return run(all, Optional.of(terminal));
        }
    }

    private int run(Map<String, String> variables, Optional<Terminal> terminal) throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            Envd envd = server.envd(Awake.require(server.sandbox(id)), user);
            var start =
                    new ProcessStart(command(), variables, folder, interactive, terminal.map(RemoteSession::window));
            RemoteProcess process;
            try {
                process = envd.start(start);
            } catch (Failure e) {
                return notStarted(e);
            }
            try (process) {
                return new RemoteSession(context, process, interactive, terminal).follow();
            }
        }
    }

    /** Without the {@code --} that kubectl wants before it. */
    private List<String> command() {
        return words.size() > 1 && words.getFirst().equals("--") ? words.subList(1, words.size()) : words;
    }

    /** As shells say it. */
    private int notStarted(Failure failure) {
        int code = new FailurePrinter(context.stderr(), context.debug()).print(failure);
        if (failure.code() == ErrorCode.NOT_FOUND) {
            return ExitCode.NO_COMMAND;
        }
        return failure.code() == ErrorCode.DENIED ? ExitCode.CANNOT_START : code;
    }
}
