package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code skerry events}: what happened to the server's sandboxes. */
@Command(
        name = "events",
        description = "Prints what happened to the sandboxes of the server, or to one: oldest first, one line each.",
        mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {
    private static final int PAGE = 100;
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private final Context context;

    @Parameters(arity = "0..1", paramLabel = "ID", description = "Only of this sandbox.")
    private Optional<String> id = Optional.empty();

    @Option(
            names = {"-f", "--follow"},
            description = "Go on as they happen; of one sandbox, until it ends.")
    private boolean follow;

    @Option(
            names = "--after",
            paramLabel = "NUMBER",
            description = "Only those after the one with this number, which --json shows.")
    private Optional<Integer> after = Optional.empty();

    @Option(names = "--json", description = "Print a JSON object on each line.")
    private boolean json;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    EventsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        String path = id.map(one -> "/skerry/v1/sandboxes/" + ControlPlane.checked(one) + "/events")
                .orElse("/skerry/v1/events");
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            long last = after.orElse(0);
            boolean ended = false;
            while (true) {
                JsonNode page = server.get(path + "?after=" + last + "&limit=" + PAGE);
                long before = last;
                for (JsonNode event : page) {
                    context.print(json ? event.toString() : Columns.plain(line(event)));
                    last = Math.max(last, event.path("sequence").asLong(0));
                    ended |= id.isPresent() && event.path("kind").asString("").equalsIgnoreCase("ended");
                }
                boolean more = page.size() > 0 && last > before;
                if (ended || (!more && !follow)) {
                    return ExitCode.OK;
                }
                if (!more) {
                    Thread.sleep(INTERVAL);
                }
            }
        }
    }

    /** Events come one by one, before the widths of later ones are known: room for an instant, an id, a kind. */
    private static String line(JsonNode event) {
        return "%-24s  %-25s  %-8s  %s"
                .formatted(
                        event.path("at").asString("-"),
                        event.path("sandboxID").asString("-"),
                        event.path("kind").asString("-").toLowerCase(Locale.ROOT),
                        event.path("detail").asString(""))
                .stripTrailing();
    }
}
