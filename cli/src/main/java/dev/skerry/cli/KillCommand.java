package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skerry kill}: ends sandboxes, whoever controls them. */
@Command(
        name = "kill",
        description = {
            "Ends sandboxes and removes all of them: those of the server, if one is named or answers,",
            "else those of 'run' and 'shell' on this machine."
        },
        mixinStandardHelpOptions = true)
final class KillCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names given with --id, or ids.")
    private List<String> names = List.of();

    @Option(names = "--local", description = "Those of 'run' and 'shell' on this machine.")
    private boolean local;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    KillCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        Optional<ControlPlane> found = local ? Optional.empty() : serverOptions.find(context, hostOptions);
        if (found.isPresent()) {
            try (ControlPlane server = found.get()) {
                return Each.of(context, names, server::kill);
            }
        }
        try (Host host = hostOptions.open(context)) {
            return Each.of(context, names, host::kill);
        }
    }
}
