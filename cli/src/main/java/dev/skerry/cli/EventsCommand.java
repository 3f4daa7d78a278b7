package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.time.Duration;
import java.util.List;
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
        description =
                "Prints what happened to the sandboxes of the server, or to one: oldest first, one line each. What"
                        + " is given more than once may be any of them.",
        mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {
    private static final String PAGE = "100";
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
            converter = Quantities.Sequence.class,
            description = "Only those after the one with this number, which --json shows.")
    private Optional<Long> after = Optional.empty();

    @Option(names = "--kind", paramLabel = "KIND", description = "Only those: created, started, paused, ended, …")
    private List<String> kinds = List.of();

    @Option(names = "--cause", paramLabel = "CAUSE", description = "Only because of that: expired, out_of_memory, …")
    private List<String> causes = List.of();

    @Option(names = "--by", paramLabel = "ID", description = "Only what was asked for with that key, from 'keys list'.")
    private Optional<String> by = Optional.empty();

    @Option(names = "--tenant", paramLabel = "TENANT", description = "Of that tenant, with a key of scope admin.")
    private Optional<String> tenant = Optional.empty();

    @Option(names = "--text", paramLabel = "TEXT", description = "Only those whose detail has that in it.")
    private Optional<String> text = Optional.empty();

    @Option(names = "--json", description = "Print a JSON object on each line.")
    private boolean json;

    @Mixin
    private TimeRange range = new TimeRange();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    EventsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        Query filters = filters();
        Optional<String> one = id.map(name -> "/skerry/v1/sandboxes/" + ControlPlane.checked(name) + "/events");
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            if (one.isPresent() && !filters.equals(Query.NONE) && tenant.isEmpty()) {
                // Of one that there never was is told that, and not that nothing happened; of the own tenant.
                server.get(one.get() + "?limit=1");
            }
            boolean simple = one.isPresent() && filters.equals(Query.NONE);
            String path = simple ? one.get() : "/skerry/v1/events";
            Query query = simple ? filters : filters.with("sandbox", id);
            long last = after.orElse(0L);
            boolean ended = false;
            while (true) {
                ControlPlane.Found found = server.find(
                        path + query.with("after", String.valueOf(last)).with("limit", PAGE));
                long before = last;
                last = Math.max(last, found.seen());
                for (JsonNode event : found.page()) {
                    context.print(json ? event.toString() : Columns.plain(line(event)));
                    last = Math.max(last, event.path("sequence").asLong(0));
                    ended |= id.isPresent() && event.path("kind").asString("").equalsIgnoreCase("ended");
                }
                boolean more = (found.page().size() > 0 && last > before) || last < found.last();
                if (ended || (!more && !follow)) {
                    return ExitCode.OK;
                }
                if (!more) {
                    Thread.sleep(INTERVAL);
                }
            }
        }
    }

    private Query filters() {
        Query query = Query.NONE.with("tenant", tenant).with("key", by).with("text", text);
        for (String kind : kinds) {
            query = query.with("kind", kind);
        }
        for (String cause : causes) {
            query = query.with("cause", cause);
        }
        return range.addTo(query);
    }

    /** Events come one by one, before the widths of later ones are known: room for an instant, an id, a kind. */
    private static String line(JsonNode event) {
        return "%-24s  %-25s  %-8s  %-13s  %s"
                .formatted(
                        event.path("at").asString("-"),
                        event.path("sandboxID").asString("-"),
                        event.path("kind").asString("-").toLowerCase(Locale.ROOT),
                        event.path("cause").asString("-"),
                        event.path("detail").asString(""))
                .stripTrailing();
    }
}
