package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.cli.client.ControlPlane.NewSandbox;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry create}: a sandbox on the server. */
@Command(
        name = "create",
        description = "Starts a sandbox on the server and prints its id.",
        sortOptions = false,
        mixinStandardHelpOptions = true)
final class CreateCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--template", paramLabel = "NAME", description = "What it starts from (default: the server's).")
    private Optional<String> template = Optional.empty();

    @Option(names = "--timeout", paramLabel = "TIME", description = "Until it ends (default: 5m).")
    private Optional<Duration> timeout = Optional.empty();

    @Option(names = "--auto-pause", description = "Pause it then, instead of ending it.")
    private boolean pauses;

    @Option(names = "--metadata", paramLabel = "NAME=VALUE", description = "A mark to find it by; may be repeated.")
    private List<String> metadata = List.of();

    @Option(
            names = {"-e", "--env"},
            paramLabel = "NAME=VALUE",
            description = "A variable of all its processes; may be repeated.")
    private List<String> environment = List.of();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    CreateCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        var wanted = new NewSandbox(
                template,
                timeout,
                pauses,
                Pairs.of("--metadata", metadata, "write NAME=VALUE"),
                Pairs.environment("--env", environment));
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            context.print(server.create(wanted));
            return ExitCode.OK;
        }
    }
}
