package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.KeyScope;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Logs of sandboxes, which are made of what happened to them; what programs print is not kept. They can be read after a
 * sandbox has ended.
 */
final class EventLogs {
    private static final int LINES_MAX = 1000;
    private static final String LOGGER = "skerry";
    private static final List<String> LEVELS = List.of("debug", "info", "warn", "error");

    private final Sandboxes sandboxes;

    EventLogs(Sandboxes sandboxes) {
        this.sandboxes = sandboxes;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.READ, "GET", "/sandboxes/{sandboxID}/logs", "The logs of a sandbox.", this::logs)
                        .queryNumber("start", "Milliseconds since 1970.")
                        .queryNumber("limit", "0 to 1000; 1000 if absent.")
                        .query("direction", "forward (the default) or backward.")
                        .answers(200, "SandboxLogs"),
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                "/v2/sandboxes/{sandboxID}/logs",
                                "The logs of a sandbox.",
                                this::logsOfV2)
                        .queryNumber("cursor", "Milliseconds since 1970: where to begin.")
                        .queryNumber("limit", "0 to 1000; 1000 if absent.")
                        .query("direction", "forward (the default) or backward.")
                        .query("level", "The least: debug, info, warn or error.")
                        .query("search", "Text that the message contains.")
                        .answers(200, "SandboxLogsV2"));
    }

    private void logs(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        List<SandboxEvent> found = find(exchange, caller, "start", _ -> true);
        ObjectNode root = Exchange.JSON.createObjectNode();
        ArrayNode lines = root.putArray("logs");
        for (SandboxEvent event : found) {
            lines.addObject().put("timestamp", event.at().toString()).put("line", line(event));
        }
        entries(root.putArray("logEntries"), found);
        exchange.json(200, root);
    }

    private void logsOfV2(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        String search = Queries.text(exchange, "search").orElse("");
        int least = Queries.word(exchange, "level", LEVELS, "debug");
        List<SandboxEvent> found = find(
                exchange,
                caller,
                "cursor",
                event -> message(event).contains(search) && LEVELS.indexOf(level(event)) >= least);
        ObjectNode root = Exchange.JSON.createObjectNode();
        entries(root.putArray("logs"), found);
        exchange.json(200, root);
    }

    /** Forward: from that time on, oldest first. Backward: up to that time, newest first. */
    private List<SandboxEvent> find(Exchange exchange, Caller caller, String from, Predicate<SandboxEvent> wanted)
            throws InterruptedException {
        boolean forward = Queries.either(exchange, "direction", "forward", "backward", true);
        Instant start = Queries.millis(exchange, from).orElse(forward ? Instant.MIN : Instant.MAX);
        int limit = Queries.limit(exchange, 0, LINES_MAX, LINES_MAX);
        List<SandboxEvent> events = SandboxPath.call(exchange, caller, sandboxes::events);
        Stream<SandboxEvent> ordered = (forward ? events : events.reversed()).stream();
        return ordered.filter(event ->
                        forward ? !event.at().isBefore(start) : !event.at().isAfter(start))
                .filter(wanted)
                .limit(limit)
                .toList();
    }

    /** A JSON object in a string: the official command line parses it, and needs these three fields. */
    private static String line(SandboxEvent event) {
        ObjectNode line = Exchange.JSON.createObjectNode();
        line.put("level", level(event));
        line.put("logger", LOGGER);
        line.put("message", message(event));
        fields(line, event);
        return line.toString();
    }

    private static void fields(ObjectNode node, SandboxEvent event) {
        node.put("event", kind(event));
        node.put("cause", event.why().cause().label());
        if (!event.detail().isEmpty()) {
            node.put("detail", event.detail());
        }
    }

    private static void entries(ArrayNode array, List<SandboxEvent> events) {
        for (SandboxEvent event : events) {
            ObjectNode entry = array.addObject();
            entry.put("timestamp", event.at().toString());
            entry.put("message", message(event));
            entry.put("level", level(event));
            fields(entry.putObject("fields").put("logger", LOGGER), event);
        }
    }

    static String kind(SandboxEvent event) {
        return event.kind().name().toLowerCase(Locale.ROOT);
    }

    private static String message(SandboxEvent event) {
        String what =
                switch (event.kind()) {
                    case CREATED -> "Sandbox created";
                    case STARTED -> "Sandbox started";
                    case PAUSED -> "Sandbox paused";
                    case PAUSE_FAILED -> "Sandbox could not be paused";
                    case RESUMED -> "Sandbox resumed";
                    case RESUME_FAILED -> "Sandbox could not be resumed";
                    case RENEWED -> "Sandbox timeout set";
                    case ENDED -> "Sandbox ended";
                };
        return event.detail().isEmpty() ? what : what + ": " + event.detail();
    }

    private static String level(SandboxEvent event) {
        return switch (event.kind()) {
            case RENEWED -> "debug";
            case PAUSE_FAILED, RESUME_FAILED -> "warn";
            case CREATED, STARTED, PAUSED, RESUMED, ENDED -> "info";
        };
    }
}
