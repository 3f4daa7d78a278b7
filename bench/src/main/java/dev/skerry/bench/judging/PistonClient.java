package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.Program;
import dev.skerry.bench.serving.Connection;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One caller of a server that speaks Piston's API, on a connection of its own that stays open. */
final class PistonClient implements Closeable {
    private static final int BUSY = 429;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI server;
    private final Optional<String> key;
    private final Connection connection;

    /** @param server up to where {@code /api/v2} begins; a path is kept */
    PistonClient(URI server, Optional<String> key) throws IOException {
        this.server = server;
        this.key = key;
        this.connection = new Connection(server);
    }

    /** Runs it and checks its answer. */
    void run(Program program) throws IOException {
        Optional<Duration> refused = tryRun(program, "");
        if (refused.isPresent()) {
            throw new IllegalStateException(program.name() + " was refused");
        }
    }

    /**
     * Runs it and checks its answer.
     *
     * @param user whose it is, for servers that take turns between users
     * @return empty; or after what time to come back, when the server is busy
     */
    Optional<Duration> tryRun(Program program, String user) throws IOException {
        byte[] body = JSON.writeValueAsBytes(Map.of(
                "language",
                program.language(),
                "version",
                "*",
                "files",
                List.of(Map.of("name", program.file(), "content", program.code()))));
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/json"));
        key.ifPresent(secret -> headers.put("Authorization", "Bearer " + secret));
        if (!user.isEmpty()) {
            headers.put("Skerry-User", user);
        }
        String path = Optional.ofNullable(server.getRawPath()).orElse("").replaceAll("/+$", "");
        Connection.Answer answer = connection.send("POST", path + "/api/v2/execute", headers, body);
        if (answer.status() == BUSY) {
            byte[] _ = answer.body().readAllBytes();
            return Optional.of(
                    Duration.ofSeconds(Long.parseLong(answer.headers().getOrDefault("retry-after", "1"))));
        }
        byte[] content = answer.content(200);
        JsonNode run = JSON.readTree(content).path("run");
        if (!run.path("stdout").asString("").equals(program.prints() + "\n")
                || run.path("code").asInt(-1) != 0) {
            throw new IllegalStateException(
                    program.name() + " was answered with " + new String(content, StandardCharsets.UTF_8));
        }
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
