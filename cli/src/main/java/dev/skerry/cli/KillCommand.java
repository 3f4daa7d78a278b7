package dev.skerry.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code skerry kill}: ends sandboxes, whoever controls them. */
@Command(name = "kill", description = "Ends sandboxes and removes all of them.", mixinStandardHelpOptions = true)
final class KillCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names given with --id, or ids.")
    private List<String> names = List.of();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    KillCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (Host host = hostOptions.open(context)) {
            names.forEach(host::kill);
            return ExitCode.OK;
        }
    }
}
