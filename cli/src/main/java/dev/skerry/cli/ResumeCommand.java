package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skerry resume}: lets paused sandboxes go on. */
@Command(
        name = "resume",
        description = "Lets paused sandboxes of the server go on where they were.",
        mixinStandardHelpOptions = true)
final class ResumeCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(arity = "1..*", paramLabel = "ID", description = "Sandboxes.")
    private List<String> ids = List.of();

    @Option(names = "--timeout", paramLabel = "TIME", description = "Until they end, at least (default: 5m).")
    private Optional<Duration> timeout = Optional.empty();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    ResumeCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.of(context, ids, id -> server.resume(id, timeout));
        }
    }
}
