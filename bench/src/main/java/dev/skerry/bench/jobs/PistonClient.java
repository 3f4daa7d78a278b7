package dev.skerry.bench.jobs;

import dev.skerry.bench.serving.Connection;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One caller of a server that speaks Piston's API, on a connection of its own that stays open. */
public final class PistonClient implements Closeable {
    private static final int BUSY = 429;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI server;
    private final Optional<String> key;
    private final Connection connection;

    /** @param server up to where {@code /api/v2} begins; a path is kept */
    public PistonClient(URI server, Optional<String> key) throws IOException {
        this.server = server;
        this.key = key;
        this.connection = new Connection(server);
    }

    /**
     * What only our servers understand.
     *
     * @param user whose program it is, for turns between users; empty: the key's
     * @param prestarted whether an interpreter that waits may run it
     */
    public record Wishes(String user, boolean prestarted) {
        public static final Wishes NONE = new Wishes("", true);

        private Map<String, Object> fields() {
            Map<String, Object> fields = new HashMap<>();
            if (!user.isEmpty()) {
                fields.put("user", user);
            }
            if (!prestarted) {
                fields.put("prestarted", false);
            }
            return fields;
        }
    }

    /**
     * What came of a program that was sent.
     *
     * @param again empty: it was run; else after what time to come back, because the server is busy
     * @param start how ready its sandbox was, as the server says: cold, warm, prestarted; empty where it does not
     * @param ran how long the program itself ran, as the server says, in whole milliseconds
     */
    public record Answer(Optional<Duration> again, String start, Duration ran) {}

    /** Runs it and checks its answer. */
    public Answer run(SmallProgram program, Wishes wishes) throws IOException {
        Answer answer = tryRun(program, wishes);
        if (answer.again().isPresent()) {
            throw new IllegalStateException(program.name() + " was refused");
        }
        return answer;
    }

    /** Runs it and checks its answer, unless the server is busy. */
    public Answer tryRun(SmallProgram program, Wishes wishes) throws IOException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("language", program.language());
        body.put("version", "*");
        body.put("files", List.of(Map.of("name", program.file(), "content", program.code())));
        Map<String, Object> own = wishes.fields();
        if (!own.isEmpty()) {
            body.put("skerry", own);
        }
        Connection.Answer answer = send("POST", "/api/v2/execute", JSON.writeValueAsBytes(body));
        if (answer.status() == BUSY) {
            byte[] _ = answer.body().readAllBytes();
            return new Answer(
                    Optional.of(
                            Duration.ofSeconds(Long.parseLong(answer.headers().getOrDefault("retry-after", "1")))),
                    "",
                    Duration.ZERO);
        }
        byte[] content = answer.content(200);
        JsonNode root = JSON.readTree(content);
        JsonNode run = root.path("run");
        if (!run.path("stdout").asString("").equals(program.prints() + "\n")
                || run.path("code").asInt(-1) != 0) {
            throw new IllegalStateException(
                    program.name() + " was answered with " + new String(content, StandardCharsets.UTF_8));
        }
        return new Answer(
                Optional.empty(),
                root.path("sandbox").path("start").asString(""),
                Duration.ofMillis(run.path("wall_time").asLong(0)));
    }

    /** Names of what it can run. */
    public Set<String> languages() throws IOException {
        JsonNode all =
                JSON.readTree(send("GET", "/api/v2/runtimes", new byte[0]).content(200));
        return StreamSupport.stream(all.spliterator(), false)
                .map(each -> each.path("language").asString(""))
                .collect(Collectors.toSet());
    }

    private Connection.Answer send(String method, String path, byte[] body) throws IOException {
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/json"));
        key.ifPresent(secret -> headers.put("Authorization", "Bearer " + secret));
        String base = Optional.ofNullable(server.getRawPath()).orElse("").replaceAll("/+$", "");
        return connection.send(method, base + path, headers, body);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
