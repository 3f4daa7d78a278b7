package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code skerry why ID}: what happened to a sandbox, who asked for it, and why it is as it is. */
@Command(
        name = "why",
        description =
                "Tells the whole history of a sandbox with its reasons, oldest first; also after its end. It takes"
                        + " a key of scope tenant, or of scope admin for a sandbox of any tenant.",
        mixinStandardHelpOptions = true)
final class WhyCommand implements Callable<Integer> {
    private final Context context;

    @Parameters(arity = "1", paramLabel = "ID", description = "The sandbox.")
    private String id = "";

    @Option(names = "--json", description = "Print all of it as one JSON object.")
    private boolean json;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    WhyCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode why = server.get("/skerry/v1/sandboxes/" + ControlPlane.checked(id) + "/why");
            if (json) {
                context.print(why.toString());
                return ExitCode.OK;
            }
            context.print(Columns.plain("Sandbox " + why.path("sandboxID").asString("-") + " of tenant "
                    + why.path("tenant").asString("-") + "."));
            for (JsonNode line : why.path("history")) {
                context.print(Columns.plain("%-24s  %s"
                        .formatted(
                                line.path("at").asString("-"), line.path("text").asString(""))));
            }
            context.print(Columns.plain(why.path("summary").asString("")));
            return ExitCode.OK;
        }
    }
}
