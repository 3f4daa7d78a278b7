package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code skerry audit}: who changed what through the API of the server. */
@Command(
        name = "audit",
        description = "Prints who changed what on the server, oldest first: of the key's tenant, or of all for a key of"
                + " scope admin.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {
    private static final String PATH = "/skerry/v1/audit";
    private static final int PAGE = 1000;
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final Context context;

    @Option(names = "--subject", paramLabel = "ID", description = "Only what was done to that: a sandbox, key, tenant.")
    private Optional<String> subject = Optional.empty();

    @Option(names = "--by", paramLabel = "ID", description = "Only what was done with that key, from 'keys list'.")
    private Optional<String> by = Optional.empty();

    @Option(names = "--tenant", paramLabel = "TENANT", description = "Only with keys of that tenant.")
    private Optional<String> tenant = Optional.empty();

    @Option(names = "--operation", paramLabel = "TEXT", description = "Only those with that in it, as POST or pause.")
    private Optional<String> operation = Optional.empty();

    @Option(names = "--outcome", paramLabel = "OUTCOME", description = "Only what came out so: done, refused, failed.")
    private Optional<String> outcome = Optional.empty();

    @Option(names = "--text", paramLabel = "TEXT", description = "Only what has that anywhere in it.")
    private Optional<String> text = Optional.empty();

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what is changed from now on.")
    private boolean follow;

    @Option(names = "--limit", paramLabel = "NUMBER", description = "At most so many, the newest (default: 1000).")
    private int limit = PAGE;

    @Option(names = "--json", description = "Print a JSON object on each line.")
    private boolean json;

    @Mixin
    private TimeRange range = new TimeRange();

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    AuditCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            // Before the newest: what comes meanwhile is followed.
            long known = follow ? server.find(PATH + "?limit=1").last() : 0;
            List<JsonNode> entries = newest(server);
            Collections.reverse(entries);
            print(entries, true);
            long seen = entries.isEmpty() ? known : Math.max(known, sequence(entries.getLast()));
            while (follow) {
                Query next = query().with("after", String.valueOf(seen)).with("limit", String.valueOf(PAGE));
                ControlPlane.Found found = server.find(PATH + next);
                List<JsonNode> more = new ArrayList<>();
                found.page().forEach(more::add);
                if (!more.isEmpty()) {
                    print(more, false);
                    seen = Math.max(seen, sequence(more.getLast()));
                }
                seen = Math.max(seen, found.seen());
                if (seen >= found.last()) {
                    Thread.sleep(INTERVAL);
                }
            }
            return ExitCode.OK;
        }
    }

    /** @param titled of what follows the widths are those of each page, without titles */
    private void print(List<JsonNode> entries, boolean titled) {
        if (json) {
            entries.forEach(entry -> context.print(entry.toString()));
            return;
        }
        Columns columns = new Columns("AT", "TENANT", "KEY", "OPERATION", "SUBJECT", "FROM", "STATUS", "CODE");
        for (JsonNode entry : entries) {
            columns.add(
                    text(entry, "at"),
                    text(entry, "tenant"),
                    text(entry, "keyName") + " (" + text(entry, "keyID") + ")",
                    text(entry, "operation"),
                    text(entry, "subject"),
                    text(entry, "address"),
                    text(entry, "status"),
                    text(entry, "code"));
        }
        String table = columns.toString();
        context.print(titled ? table : table.substring(table.indexOf('\n') + 1));
    }

    private static String text(JsonNode entry, String field) {
        String text = entry.path(field).asString("-");
        return text.isEmpty() ? "-" : text;
    }

    private static long sequence(JsonNode entry) {
        return entry.path("sequence").asLong(0);
    }

    private List<JsonNode> newest(ControlPlane server) throws InterruptedException {
        List<JsonNode> entries = new ArrayList<>();
        Query query = query();
        Optional<String> before = Optional.empty();
        while (entries.size() < limit) {
            int size = Math.min(PAGE, limit - entries.size());
            Query page = query.with("limit", String.valueOf(size)).with("before", before);
            ControlPlane.Found found = server.find(PATH + page);
            found.page().forEach(entries::add);
            if (found.seen() == 0) {
                break;
            }
            before = Optional.of(String.valueOf(found.seen()));
        }
        return entries;
    }

    private Query query() {
        return range.addTo(Query.NONE)
                .with("subject", subject)
                .with("key", by)
                .with("tenant", tenant)
                .with("operation", operation)
                .with("outcome", outcome)
                .with("text", text);
    }
}
