package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.time.Duration;
import java.time.InstantSource;
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
    private static final int PAGE = 1000;

    private final Context context;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How far back, as 1h or 7d (default: the newest, see --limit).")
    private Optional<Duration> since = Optional.empty();

    @Option(names = "--subject", paramLabel = "ID", description = "Only what was done to that: a sandbox, key, tenant.")
    private Optional<String> subject = Optional.empty();

    @Option(names = "--by", paramLabel = "ID", description = "Only what was done with that key, from 'keys list'.")
    private Optional<String> by = Optional.empty();

    @Option(names = "--tenant", paramLabel = "TENANT", description = "Only with keys of that tenant.")
    private Optional<String> tenant = Optional.empty();

    @Option(names = "--limit", paramLabel = "NUMBER", description = "At most so many, the newest (default: 1000).")
    private int limit = PAGE;

    @Option(names = "--json", description = "Print a JSON object on each line.")
    private boolean json;

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
            List<JsonNode> entries = newest(server);
            Collections.reverse(entries);
            Columns columns = new Columns("AT", "TENANT", "KEY", "OPERATION", "SUBJECT", "FROM", "STATUS", "CODE");
            for (JsonNode entry : entries) {
                if (json) {
                    context.print(entry.toString());
                }
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
            if (!json) {
                context.print(columns.toString());
            }
            return ExitCode.OK;
        }
    }

    private static String text(JsonNode entry, String field) {
        String text = entry.path(field).asString("-");
        return text.isEmpty() ? "-" : text;
    }

    private List<JsonNode> newest(ControlPlane server) throws InterruptedException {
        List<JsonNode> entries = new ArrayList<>();
        String query = query();
        String before = "";
        while (entries.size() < limit) {
            int size = Math.min(PAGE, limit - entries.size());
            JsonNode page = server.get("/skerry/v1/audit?limit=" + size + query + before);
            page.forEach(entries::add);
            if (page.size() < size) {
                break;
            }
            before = "&before=" + entries.getLast().path("sequence").asLong(0);
        }
        return entries;
    }

    private String query() {
        return since.map(time -> InstantSource.system().instant().minus(time).toString())
                        .map(time -> parameter("since", time))
                        .orElse("")
                + subject.map(id -> parameter("subject", id)).orElse("")
                + by.map(id -> parameter("key", id)).orElse("")
                + tenant.map(id -> parameter("tenant", id)).orElse("");
    }

    private static String parameter(String name, String value) {
        return "&" + name + "=" + ControlPlane.encoded(value);
    }
}
