package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxPage;
import dev.skerry.server.sandboxes.SandboxQuery;
import dev.skerry.server.sandboxes.SandboxQuery.Visible;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;

/** Lists of sandboxes. */
final class ListRoutes {
    static final int PAGE_MAX = 100;

    /** Of the older list, which has no pages; far above what one machine runs. */
    private static final int WHOLE_MAX = 20_000;

    private final Sandboxes sandboxes;
    private final SandboxAnswers answers;

    ListRoutes(Sandboxes sandboxes, SandboxAnswers answers) {
        this.sandboxes = sandboxes;
        this.answers = answers;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.READ, "GET", "/v2/sandboxes", "List sandboxes, page by page.", this::page)
                        .query("metadata", "Name=value pairs that a sandbox has, encoded twice.")
                        .query("state", "running, paused, or both with a comma; all if absent.")
                        .query("startedAfter", "ISO 8601 with an offset.")
                        .query("template", "By its id, or the name that was asked for.")
                        .query("order", "asc or desc (newest first, the default) by start.")
                        .queryNumber("limit", "1 to 100; 100 if absent.")
                        .query("nextToken", "What the header X-Next-Token of the page before said.")
                        .answers(200, "[]ListedSandbox"),
                door.keyed(KeyScope.READ, "GET", "/sandboxes", "List all running sandboxes.", this::running)
                        .query("metadata", "Name=value pairs that a sandbox has, encoded twice.")
                        .answers(200, "[]ListedSandbox"),
                door.keyed(KeyScope.READ, "GET", "/snapshots", "List snapshots; there are none yet.", (exchange, _) -> {
                            Queries.limit(exchange, 1, PAGE_MAX, PAGE_MAX);
                            exchange.json(200, List.of());
                        })
                        .query("sandboxID", "Of this sandbox.")
                        .query("name", "Of this name.")
                        .queryNumber("limit", "1 to 100; 100 if absent.")
                        .query("nextToken", "What the header X-Next-Token of the page before said.")
                        .answers(200, "[]SnapshotInfo"));
    }

    private void page(Exchange exchange, Caller caller) throws IOException {
        boolean newestFirst = !Queries.either(exchange, "order", "asc", "desc", false);
        SandboxQuery query = new SandboxQuery(
                metadata(exchange),
                Queries.states(exchange),
                Queries.time(exchange, "startedAfter"),
                Queries.text(exchange, "template"),
                newestFirst,
                Queries.limit(exchange, 1, PAGE_MAX, PAGE_MAX),
                Queries.text(exchange, "nextToken").map(token -> PageToken.after(token, newestFirst)));
        SandboxPage page = sandboxes.list(caller.tenant(), query);
        page.next().ifPresent(after -> exchange.set("X-Next-Token", PageToken.of(after, newestFirst)));
        exchange.set("X-Total-Running", String.valueOf(sandboxes.running(caller.tenant())));
        exchange.json(200, listed(page.sandboxes()));
    }

    private void running(Exchange exchange, Caller caller) throws IOException {
        Map<String, String> metadata = metadata(exchange);
        List<Sandbox> all = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            SandboxPage page = sandboxes.list(
                    caller.tenant(),
                    new SandboxQuery(
                            metadata,
                            Set.of(Visible.RUNNING),
                            Optional.empty(),
                            Optional.empty(),
                            true,
                            PAGE_MAX,
                            after));
            all.addAll(page.sandboxes());
            after = page.next();
        } while (after.isPresent() && all.size() < WHOLE_MAX);
        exchange.json(200, listed(all));
    }

    private static Map<String, String> metadata(Exchange exchange) {
        return Queries.text(exchange, "metadata").map(MetadataFilter::parse).orElse(Map.of());
    }

    private ArrayNode listed(List<Sandbox> found) {
        ArrayNode array = Exchange.JSON.createArrayNode();
        found.forEach(sandbox -> array.add(answers.listed(sandbox)));
        return array;
    }
}
