package dev.skerry.bench.serving;

import dev.skerry.server.envd.EnvdService;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What clients of the server send, on one connection; for one caller at a time. */
final class Api implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final byte[] NOTHING = {};
    private static final int LIFETIME_SECONDS = 3600;
    private static final byte[] CREATE =
            ("{\"templateID\":\"base\",\"timeout\":" + LIFETIME_SECONDS + "}").getBytes(StandardCharsets.US_ASCII);
    private static final String POOLS = "/skerry/v1/pools";
    private static final int HEAD_BYTES = 5;
    private static final int END = 2;

    private final URI origin;
    private final String key;
    private final Connection connection;

    Api(URI origin, String key) throws IOException {
        this.origin = origin;
        this.key = key;
        this.connection = new Connection(origin);
    }

    /** Another caller's. */
    Api another() throws IOException {
        return new Api(origin, key);
    }

    /** @param token of its processes and files */
    record Box(String id, String token) {}

    Box create(Map<String, String> metadata) throws IOException {
        return create(metadata, LIFETIME_SECONDS);
    }

    Box create(Map<String, String> metadata, int seconds) throws IOException {
        byte[] request = JSON.writeValueAsBytes(Map.of("templateID", "base", "timeout", seconds, "metadata", metadata));
        JsonNode answer = JSON.readTree(
                connection.send("POST", "/v2/sandboxes", json(), request).content(201));
        return new Box(
                answer.path("sandboxID").asString(),
                answer.path("envdAccessToken").asString(""));
    }

    /** Asks for a sandbox, and is content to be refused. The status. */
    int tryCreate() throws IOException {
        Connection.Answer answer = connection.send("POST", "/v2/sandboxes", json(), CREATE);
        answer.body().readAllBytes();
        return answer.status();
    }

    private Map<String, String> json() {
        return Map.of("X-API-Key", key, "Content-Type", "application/json");
    }

    /**
     * Makes a tenant, and a client of it; for a key with scope admin.
     *
     * @param quotas as the API has them
     */
    Api tenant(String id, Map<String, Long> quotas) throws IOException {
        connection
                .send("POST", "/skerry/v1/tenants", json(), JSON.writeValueAsBytes(Map.of("id", id, "quotas", quotas)))
                .content(201);
        byte[] made = connection
                .send(
                        "POST",
                        "/skerry/v1/tenants/" + id + "/keys",
                        json(),
                        JSON.writeValueAsBytes(Map.of("name", "bench")))
                .content(201);
        return new Api(origin, JSON.readTree(made).path("key").asString());
    }

    /** When it is to end. */
    Instant deadline(Box box) throws IOException {
        byte[] answer = connection
                .send("GET", "/sandboxes/" + box.id(), Map.of("X-API-Key", key), NOTHING)
                .content(200);
        return Instant.parse(JSON.readTree(answer).path("endAt").asString());
    }

    /** Replaces the pools; for a key with scope admin. */
    void pools(String... pools) throws IOException {
        connection
                .send("PUT", POOLS, json(), JSON.writeValueAsBytes(Map.of("pools", List.of(pools))))
                .content(200);
    }

    /** The first one. */
    Pool pool() throws IOException {
        JsonNode pool = JSON.readTree(connection
                        .send("GET", POOLS, Map.of("X-API-Key", key), NOTHING)
                        .content(200))
                .path(0);
        return new Pool(
                pool.path("ready").asInt(0),
                pool.path("starting").asInt(0),
                pool.path("hits").asLong(0));
    }

    /** @param hits claims that found one */
    record Pool(int ready, int starting, long hits) {}

    void kill(Box box) throws IOException {
        connection
                .send("DELETE", "/sandboxes/" + box.id(), Map.of("X-API-Key", key), NOTHING)
                .content(204);
    }

    /** @param next for the page after this one */
    record Page(int sandboxes, Optional<String> next) {}

    /** @param query with its question mark; may be empty */
    Page list(String query) throws IOException {
        Connection.Answer answer = connection.send("GET", "/v2/sandboxes" + query, Map.of("X-API-Key", key), NOTHING);
        JsonNode found = JSON.readTree(answer.content(200));
        return new Page(found.size(), Optional.ofNullable(answer.headers().get("x-next-token")));
    }

    private Map<String, String> inside(Box box, int port, String type) {
        return Map.of(
                "E2b-Sandbox-Id",
                box.id(),
                "E2b-Sandbox-Port",
                Integer.toString(port),
                "X-Access-Token",
                box.token(),
                "Connect-Protocol-Version",
                "1",
                "Content-Type",
                type);
    }

    /** The content of an answer of a program inside, read to its end; how long it was, in bytes. */
    long get(Box box, int port, String path, byte[] buffer) throws IOException {
        return drained(connection.send("GET", path, inside(box, port, "text/plain"), NOTHING), buffer);
    }

    static long drained(Connection.Answer answer, byte[] buffer) throws IOException {
        if (answer.status() != 200) {
            answer.content(200);
        }
        long total = 0;
        InputStream body = answer.body();
        for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
            total += count;
        }
        return total;
    }

    void upload(Box box, String path, byte[] content) throws IOException {
        connection
                .send("POST", "/files?path=" + path, inside(box, EnvdService.PORT, "application/octet-stream"), content)
                .content(200);
    }

    /** Runs a program to its end and fails unless it exits with 0. Its output. */
    String run(Box box, String command, List<String> arguments) throws IOException {
        Running running = start(box, command, arguments, false);
        StringBuilder output = new StringBuilder();
        for (Optional<JsonNode> event = running.next(); event.isPresent(); event = running.next()) {
            output.append(text(event.get().path("data").path("stdout")));
            JsonNode end = event.get().path("end");
            if (end.isObject() && end.path("exitCode").asInt(0) != 0) {
                throw new IllegalStateException(command + " ended with " + end + ", " + output);
            }
        }
        return output.toString();
    }

    static String text(JsonNode base64) {
        return base64.isString()
                ? new String(Base64.getDecoder().decode(base64.asString()), StandardCharsets.UTF_8)
                : "";
    }

    /** Starts a program; the connection is its output's from now on. */
    Running start(Box box, String command, List<String> arguments, boolean stdin) throws IOException {
        byte[] message =
                JSON.writeValueAsBytes(Map.of("process", Map.of("cmd", command, "args", arguments), "stdin", stdin));
        byte[] envelope = ByteBuffer.allocate(HEAD_BYTES + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        Connection.Answer answer = connection.send(
                "POST", "/process.Process/Start", inside(box, EnvdService.PORT, "application/connect+json"), envelope);
        if (answer.status() != 200) {
            answer.content(200);
        }
        Running running = new Running(new DataInputStream(answer.body()));
        running.began();
        return running;
    }

    void input(Box box, int pid, String text) throws IOException {
        byte[] message = JSON.writeValueAsBytes(Map.of(
                "process",
                Map.of("pid", pid),
                "input",
                Map.of("stdin", Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)))));
        connection
                .send("POST", "/process.Process/SendInput", inside(box, EnvdService.PORT, "application/json"), message)
                .content(200);
    }

    /** The events of a program inside. */
    static final class Running {
        private final DataInputStream in;
        private int pid;

        Running(DataInputStream in) {
            this.in = in;
        }

        int pid() {
            return pid;
        }

        private void began() throws IOException {
            JsonNode start =
                    next().orElseThrow(() -> new EOFException("no event")).path("start");
            pid = start.path("pid").asInt();
        }

        /** Reads on until its sandbox is gone. */
        void awaitBreak() throws IOException {
            try {
                int flags = 0;
                while ((flags & END) == 0) {
                    flags = in.readUnsignedByte();
                    in.skipNBytes(in.readInt());
                }
            } catch (EOFException e) {
                // That, too.
            }
        }

        /** Empty at the end, after which the connection takes another request. */
        Optional<JsonNode> next() throws IOException {
            int flags = in.readUnsignedByte();
            byte[] message = new byte[in.readInt()];
            in.readFully(message);
            JsonNode json = JSON.readTree(message);
            if ((flags & END) == 0) {
                return Optional.of(json.path("event"));
            }
            if (json.has("error") || in.read() >= 0) {
                throw new IllegalStateException("the stream ended with " + json);
            }
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
