package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code skerry logs}: what a sandbox of the server has to say about itself. */
@Command(name = "logs", description = "Prints the log of a sandbox of the server.", mixinStandardHelpOptions = true)
final class LogsCommand implements Callable<Integer> {
    private static final int PAGE = 1000;
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final Context context;

    @Parameters(paramLabel = "ID", description = "The sandbox.")
    private String id = "";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on as it grows, until the sandbox ends.")
    private boolean follow;

    @Option(
            names = {"-t", "--timestamps"},
            description = "Begin each line with its time.")
    private boolean timestamps;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    LogsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            Position position = new Position(0, List.of(), false);
            boolean begun = false;
            while (true) {
                Optional<JsonNode> page = page(server, position, begun);
                if (page.isEmpty()) {
                    return ExitCode.OK;
                }
                begun = true;
                Position next = print(page.get(), position);
                if (next.equals(position) && page.get().size() >= PAGE) {
                    // A whole page of one millisecond: what else it holds cannot be asked for.
                    next = new Position(position.millis() + 1, List.of(), position.ended());
                }
                boolean more = !next.equals(position);
                position = next;
                boolean last = position.ended() && page.get().size() < PAGE;
                if (last || (!more && !follow)) {
                    return ExitCode.OK;
                }
                if (!more) {
                    Thread.sleep(INTERVAL);
                }
            }
        }
    }

    /** @return empty when the sandbox ended while it was followed */
    private Optional<JsonNode> page(ControlPlane server, Position position, boolean begun) throws InterruptedException {
        try {
            String query = "?start=" + position.millis() + "&limit=" + PAGE;
            return Optional.of(server.get("/sandboxes/" + ControlPlane.checked(id) + "/logs" + query)
                    .path("logs"));
        } catch (Failure e) {
            if (begun && e.code() == ErrorCode.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Up to where it was read: the server is asked by the millisecond, so lines of the last one come again.
     *
     * @param seen those, as they came
     * @param ended whether the end of the sandbox was among what was read: a log is kept longer than its sandbox
     */
    private record Position(long millis, List<String> seen, boolean ended) {
        Position {
            seen = List.copyOf(seen);
        }
    }

    private Position print(JsonNode entries, Position from) {
        List<String> again = new ArrayList<>(from.seen());
        List<String> newest = new ArrayList<>(from.seen());
        long last = from.millis();
        boolean ended = from.ended();
        for (JsonNode entry : entries) {
            String time = entry.path("timestamp").asString("");
            String line = entry.path("line").asString("");
            String whole = time + " " + line;
            long millis = millis(time, last);
            if (millis == from.millis() && again.remove(whole)) {
                continue;
            }
            Optional<JsonNode> event = object(line);
            String words =
                    event.map(json -> json.path("message").asString(line)).orElse(line);
            context.print(Columns.plain(timestamps ? time + " " + words : words));
            ended |= event.filter(json -> json.path("event").asString("").equals("ended"))
                    .isPresent();
            if (millis > last) {
                newest.clear();
                last = millis;
            }
            newest.add(whole);
        }
        return new Position(last, newest, ended);
    }

    /** Servers write their lines as JSON objects, for programs; others as they are. */
    private static Optional<JsonNode> object(String line) {
        try {
            return Optional.of(JsonMapper.shared().readTree(line)).filter(JsonNode::isObject);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    private static long millis(String time, long otherwise) {
        try {
            return Instant.parse(time).toEpochMilli();
        } catch (DateTimeParseException e) {
            return otherwise;
        }
    }
}
