package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code skerry pause}: stops sandboxes where they are. */
@Command(
        name = "pause",
        description = "Pauses sandboxes of the server; their time does not run out meanwhile.",
        mixinStandardHelpOptions = true)
final class PauseCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(arity = "1..*", paramLabel = "ID", description = "Sandboxes.")
    private List<String> ids = List.of();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    PauseCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.of(context, ids, server::pause);
        }
    }
}
