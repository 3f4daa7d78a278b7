package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.UsageHistory;
import dev.skerry.server.operations.UsageHistory.Sample;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.EventFilter;
import dev.skerry.server.sandboxes.EventPage;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What can be seen of sandboxes: their use, and what happened to them. */
final class ObservationRoutes {
    private static final int SANDBOXES_MAX = 100;
    private static final int EVENTS_MAX = 1000;
    private static final int EVENTS = 100;
    private static final double PERCENT = 100;

    private final Sandboxes sandboxes;
    private final UsageHistory usage;
    private final Searches searches;

    ObservationRoutes(Sandboxes sandboxes, UsageHistory usage, Searches searches) {
        this.sandboxes = sandboxes;
        this.usage = usage;
        this.searches = searches;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/sandboxes/{sandboxID}/metrics",
                                "What a sandbox has used lately.",
                                this::metrics)
                        .queryNumber("start", "Seconds since 1970.")
                        .queryNumber("end", "Seconds since 1970.")
                        .answers(200, "[]SandboxMetric"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/sandboxes/metrics",
                                "What several sandboxes use now.",
                                this::metricsOfSeveral)
                        .query("sandbox_ids", "Up to 100 ids with commas between them.")
                        .answers(200, "SandboxesWithMetrics"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/skerry/v1/sandboxes/{sandboxID}/events",
                                "What happened to a sandbox, oldest first; also after its end.",
                                this::events)
                        .queryNumber("after", "The sequence number of the last one that is known.")
                        .queryNumber("limit", "1 to 1000; 1000 if absent.")
                        .answers(200, "[]Event"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/skerry/v1/events",
                                "What happened to all sandboxes, oldest first. The header Skerry-Seen of the answer"
                                        + " is the 'after' of the next page, Skerry-Last the greatest sequence number"
                                        + " there was.",
                                this::allEvents)
                        .query("sandbox", "Its id.")
                        .query("tenant", "Of that tenant, for a key of scope admin.")
                        .query("kind", "Some, with commas between them.")
                        .query("cause", "Some, with commas between them.")
                        .query("key", "The id of the key that asked for it, for a key of scope tenant.")
                        .query("since", "ISO 8601 with an offset.")
                        .query("until", "ISO 8601 with an offset.")
                        .query("text", "A part of the detail.")
                        .queryNumber("after", "The sequence number of the last one that is known.")
                        .queryNumber("limit", "1 to 1000; 100 if absent.")
                        .answers(200, "[]Event"));
    }

    private void metrics(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Instant start = Queries.seconds(exchange, "start").orElse(Instant.MIN);
        Instant end = Queries.seconds(exchange, "end").orElse(Instant.MAX);
        if (start.isAfter(end)) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'start' is after 'end'");
        }
        Sandbox sandbox = SandboxPath.call(exchange, caller, sandboxes::get);
        ArrayNode array = Exchange.JSON.createArrayNode();
        for (Sample sample : samples(sandbox)) {
            long second = sample.at().getEpochSecond();
            if (second >= start.getEpochSecond() && second <= end.getEpochSecond()) {
                array.add(metric(sandbox, sample));
            }
        }
        exchange.json(200, array);
    }

    private void metricsOfSeveral(Exchange exchange, Caller caller) throws IOException {
        List<String> ids = Queries.list(exchange, "sandbox_ids");
        if (ids.isEmpty() || ids.size() > SANDBOXES_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'sandbox_ids' must have 1 to " + SANDBOXES_MAX + " ids with commas between them");
        }
        ObjectNode root = Exchange.JSON.createObjectNode();
        ObjectNode found = root.putObject("sandboxes");
        for (String id : ids) {
            find(caller, id).ifPresent(sandbox -> {
                List<Sample> samples = samples(sandbox);
                if (!samples.isEmpty()) {
                    found.set(id, metric(sandbox, samples.getLast()));
                }
            });
        }
        exchange.json(200, root);
    }

    /** Those that are not there are left out. */
    private Optional<Sandbox> find(Caller caller, String id) {
        try {
            return Optional.of(sandboxes.get(caller.tenant(), new SandboxId(id)));
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.INVALID_REQUEST) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** A sandbox that has just been started is measured now, so that there is something. */
    private List<Sample> samples(Sandbox sandbox) {
        List<Sample> samples = usage.of(sandbox.incarnation());
        if (samples.isEmpty() && sandbox.state() instanceof SandboxState.Running running) {
            try {
                return List.of(usage.now(sandbox.incarnation(), running.since()));
            } catch (Failure e) {
                if (e.code() != ErrorCode.SANDBOX_GONE) {
                    throw e;
                }
            }
        }
        return samples;
    }

    private static ObjectNode metric(Sandbox sandbox, Sample sample) {
        var limits = sandbox.config().limits();
        double share = sample.cpus() * 1000 / limits.cpuMillis() * PERCENT;
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("timestamp", sample.at().toString());
        node.put("timestampUnix", sample.at().getEpochSecond());
        node.put("cpuCount", SandboxAnswers.cpus(limits));
        node.put("cpuUsedPct", Math.round(Math.min(share, PERCENT) * PERCENT) / PERCENT);
        node.put("memUsed", sample.memoryBytes());
        node.put("memTotal", limits.memoryBytes());
        node.put("memCache", sample.cacheBytes());
        node.put("diskUsed", sample.diskBytes());
        node.put("diskTotal", limits.diskBytes());
        return node;
    }

    private void events(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        long after = after(exchange);
        int limit = Queries.limit(exchange, 1, EVENTS_MAX, EVENTS_MAX);
        List<SandboxEvent> all = SandboxPath.call(exchange, caller, sandboxes::events);
        exchange.json(
                200,
                array(all.stream()
                        .filter(event -> event.sequence() > after)
                        .limit(limit)
                        .toList()));
    }

    private void allEvents(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        int limit = Queries.limit(exchange, 1, EVENTS_MAX, EVENTS);
        TenantId tenant = Queries.text(exchange, "tenant").isPresent()
                ? AuditRoutes.whose(exchange, caller).orElseThrow()
                : caller.tenant();
        long after = after(exchange);
        Optional<String> sandbox = Queries.text(exchange, "sandbox");
        EventFilter filter = new EventFilter(
                sandbox.flatMap(ObservationRoutes::id),
                Queries.some(exchange, "kind", SandboxEvent.Kind.values()),
                Queries.some(exchange, "cause", Cause.values()),
                key(exchange, caller),
                Queries.time(exchange, "since"),
                Queries.time(exchange, "until"),
                Queries.text(exchange, "text"));
        // What cannot be an id is nobody's.
        boolean nobody = sandbox.isPresent() && filter.sandbox().isEmpty();
        EventPage page = nobody
                ? new EventPage(List.of(), after, after)
                : searches.run(() -> sandboxes.find(tenant, filter, after, limit));
        exchange.set("Skerry-Seen", String.valueOf(page.seen()));
        exchange.set("Skerry-Last", String.valueOf(page.last()));
        exchange.json(200, array(page.events()));
    }

    private static Optional<SandboxId> id(String text) {
        try {
            return Optional.of(new SandboxId(text));
        } catch (Failure e) {
            return Optional.empty();
        }
    }

    /** Which keys there are is for those who may make some. */
    private static Optional<String> key(Exchange exchange, Caller caller) {
        Optional<String> key = Queries.text(exchange, "key");
        if (key.isPresent() && !caller.may(KeyScope.TENANT)) {
            throw new Failure(
                    ErrorCode.DENIED, "a search by key needs an API key of scope 'tenant'", "leave 'key' out");
        }
        return key;
    }

    private static long after(Exchange exchange) {
        return Queries.number(exchange, "after", 0, Long.MAX_VALUE, 0);
    }

    private static ArrayNode array(List<SandboxEvent> events) {
        ArrayNode array = Exchange.JSON.createArrayNode();
        events.forEach(event -> array.add(describe(event)));
        return array;
    }

    static ObjectNode describe(SandboxEvent event) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("sequence", event.sequence());
        node.put("sandboxID", event.id().text());
        node.put("at", event.at().toString());
        node.put("kind", EventLogs.kind(event));
        node.put("cause", event.why().cause().label());
        node.put("detail", event.detail());
        return node;
    }
}
