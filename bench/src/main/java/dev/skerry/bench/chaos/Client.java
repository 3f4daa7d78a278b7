package dev.skerry.bench.chaos;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What clients of the server send, each call with a bound from its beginning to the last byte. Thread-safe. */
public final class Client implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int PROCESSES_PORT = 49983;
    private static final int HEAD_BYTES = 5;
    private static final int END = 2;
    private static final int PAGE = 100;
    private static final Duration CONNECT = Duration.ofSeconds(2);

    private final String key;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();

    public Client(String key) {
        this.key = key;
    }

    String key() {
        return key;
    }

    /** An answer; what is not an answer is an {@link IOException}. */
    public record Answer(int status, String body) {}

    /** What a program in a sandbox came to. */
    public record Executed(int exitCode, String output) {}

    /** Something that is done on a thread that is interrupted at the bound. */
    @FunctionalInterface
    private interface Exchange<T> {
        T run() throws IOException, InterruptedException;
    }

    private static <T> T within(Duration bound, Exchange<T> exchange) throws IOException, InterruptedException {
        try (var thread = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<T> result = thread.submit(exchange::run);
            try {
                return result.get(bound.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                throw new IOException(Journal.NO_ANSWER + " within " + bound.toMillis() + " ms", e);
            } catch (ExecutionException e) {
                throw new IOException(String.valueOf(e.getCause()), e);
            } finally {
                result.cancel(true);
            }
        }
    }

    /** One call of the control plane. */
    public Answer call(URI origin, String method, String path, String body, Duration bound)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(origin.resolve(path))
                .timeout(bound)
                .header("X-API-Key", key)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return within(bound, () -> {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.body());
        });
    }

    /** @return the answer 201 as a box, in whatever form it came; empty for every other answer */
    public static Optional<Box> created(Answer answer) {
        if (answer.status() != 201) {
            return Optional.empty();
        }
        JsonNode box = JSON.readTree(answer.body());
        return Optional.of(new Box(
                box.path("sandboxID").asString(), box.path("envdAccessToken").asString("")));
    }

    /** @param metadata one name and value */
    public static String createBody(int seconds, Map<String, String> metadata) {
        return JSON.writeValueAsString(Map.of("templateID", "base", "timeout", seconds, "metadata", metadata));
    }

    /** Makes one or fails. */
    public Box create(URI origin, int seconds, Duration bound) throws IOException, InterruptedException {
        Answer answer = call(origin, "POST", "/v2/sandboxes", createBody(seconds, Map.of()), bound);
        return created(answer).orElseThrow(() -> new IOException("create: " + answer));
    }

    /** Ids of those that run or are paused. */
    public List<String> list(URI origin, Duration bound) throws IOException, InterruptedException {
        List<String> ids = new ArrayList<>();
        Optional<String> next = Optional.of("");
        while (next.isPresent()) {
            String path = "/v2/sandboxes?state=running,paused&limit=" + PAGE
                    + (next.get().isEmpty() ? "" : "&nextToken=" + next.get());
            HttpRequest request = HttpRequest.newBuilder(origin.resolve(path))
                    .timeout(bound)
                    .header("X-API-Key", key)
                    .build();
            HttpResponse<String> page = within(bound, () -> http.send(request, HttpResponse.BodyHandlers.ofString()));
            if (page.statusCode() != 200) {
                throw new IOException("list: " + page.statusCode() + " " + page.body());
            }
            JSON.readTree(page.body())
                    .forEach(box -> ids.add(box.path("sandboxID").asString()));
            next = page.headers().firstValue("x-next-token").filter(token -> !token.isEmpty());
        }
        return ids;
    }

    private HttpRequest processCall(URI origin, Box box, String method, Map<String, Object> message, Duration bound) {
        byte[] content = JSON.writeValueAsBytes(message);
        byte[] envelope = ByteBuffer.allocate(HEAD_BYTES + content.length)
                .put((byte) 0)
                .putInt(content.length)
                .put(content)
                .array();
        return HttpRequest.newBuilder(origin.resolve("/process.Process/" + method))
                .timeout(bound)
                .header("E2b-Sandbox-Id", box.id())
                .header("E2b-Sandbox-Port", Integer.toString(PROCESSES_PORT))
                .header("X-Access-Token", box.token())
                .header("Connect-Protocol-Version", "1")
                .header("Content-Type", "application/connect+json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(envelope))
                .build();
    }

    /** Runs a command line in a sandbox to its end. */
    public Executed exec(URI origin, Box box, String line, Duration bound) throws IOException, InterruptedException {
        HttpRequest request = processCall(origin, box, "Start", shell(line), bound);
        return within(bound, () -> {
            try (Events events = open(request)) {
                StringBuilder output = new StringBuilder();
                int code = 0;
                for (Optional<JsonNode> event = events.next(); event.isPresent(); event = events.next()) {
                    output.append(text(event.get()));
                    JsonNode end = event.get().path("end");
                    if (end.isObject()) {
                        code = end.path("exitCode").asInt(0);
                    }
                }
                return new Executed(code, output.toString());
            }
        });
    }

    /** Starts a command line that goes on; its pid in the sandbox. */
    public int begin(URI origin, Box box, String line, Duration bound) throws IOException, InterruptedException {
        HttpRequest request = processCall(origin, box, "Start", shell(line), bound);
        return within(bound, () -> {
            try (Events events = open(request)) {
                return events.next()
                        .map(event -> event.path("start").path("pid").asInt())
                        .filter(pid -> pid > 0)
                        .orElseThrow(() -> new EOFException("no start"));
            }
        });
    }

    /** What a process that goes on writes next. */
    public String follow(URI origin, Box box, int pid, Duration bound) throws IOException, InterruptedException {
        HttpRequest request = processCall(origin, box, "Connect", Map.of("process", Map.of("pid", pid)), bound);
        return within(bound, () -> {
            try (Events events = open(request)) {
                String said = "";
                while (said.isEmpty()) {
                    said = text(events.next().orElseThrow(() -> new EOFException("it has ended")));
                }
                return said;
            }
        });
    }

    private static Map<String, Object> shell(String line) {
        return Map.of("process", Map.of("cmd", "/bin/sh", "args", List.of("-c", line)), "stdin", false);
    }

    private static String text(JsonNode event) {
        JsonNode base64 = event.path("data").path("stdout");
        return base64.isString()
                ? new String(Base64.getDecoder().decode(base64.asString()), StandardCharsets.UTF_8)
                : "";
    }

    private Events open(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (answer.statusCode() != 200) {
            try (InputStream body = answer.body()) {
                throw new IOException("answered " + answer.statusCode() + ": "
                        + new String(body.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return new Events(new DataInputStream(answer.body()));
    }

    /** The messages of a stream of the Connect protocol. */
    private record Events(DataInputStream in) implements AutoCloseable {
        /** Empty at its end. */
        Optional<JsonNode> next() throws IOException {
            int flags = in.readUnsignedByte();
            byte[] message = new byte[in.readInt()];
            in.readFully(message);
            JsonNode json = JSON.readTree(message);
            if ((flags & END) == 0) {
                return Optional.of(json.path("event"));
            }
            if (json.has("error")) {
                throw new IOException("the stream ended with " + json);
            }
            return Optional.empty();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
