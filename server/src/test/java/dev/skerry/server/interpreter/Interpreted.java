package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The service behind a real HTTP server, over a real guest, as a client sees it. */
final class Interpreted implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final BareGuest guest;
    private final SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
    private final HttpClient client = HttpClient.newHttpClient();
    private LiveSandbox sandbox;
    private HttpServer server;

    Interpreted(Path folder) throws IOException {
        this(folder, Map.of(), Duration.ofSeconds(30));
    }

    Interpreted(Path folder, Map<String, String> environment, Duration patience) throws IOException {
        guest = BareGuest.start(folder);
        sandbox = guest.live(true, true, environment);
        server = serve(patience);
    }

    private HttpServer serve(Duration patience) {
        InterpreterService service = new InterpreterService(tokens, InstantSource.system(), patience);
        return HttpServer.open(List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0"))), exchange -> {
            // As the gateway does.
            LiveSandbox now = sandbox;
            try (var _ = now.streams().enter()) {
                service.handle(exchange, now);
            }
        });
    }

    /** A service that knows nothing of what was before, as after a restart of the server. */
    void restart() {
        server.close();
        server = serve(Duration.ofSeconds(30));
    }

    void as(LiveSandbox other) {
        sandbox = other;
    }

    BareGuest guest() {
        return guest;
    }

    String token() {
        return tokens.token(Purpose.ENVD, guest.id());
    }

    String trafficToken() {
        return tokens.token(Purpose.TRAFFIC, guest.id());
    }

    /** What one execution said. */
    record Answer(List<JsonNode> lines) {
        String text(String type) {
            StringBuilder all = new StringBuilder();
            of(type).forEach(line -> all.append(line.path("text").asString("")));
            return all.toString();
        }

        List<JsonNode> of(String type) {
            return lines.stream()
                    .filter(line -> line.path("type").asString().equals(type))
                    .toList();
        }

        JsonNode result() {
            assertThat(of("result")).as("%s", lines).hasSize(1);
            return of("result").getFirst();
        }

        JsonNode error() {
            assertThat(of("error")).as("%s", lines).hasSize(1);
            return of("error").getFirst();
        }

        /** The types, without signs of life, equal neighbours once. */
        List<String> order() {
            List<String> types = new ArrayList<>();
            for (JsonNode line : lines) {
                String type = line.path("type").asString();
                if (!type.equals("keepalive")
                        && (types.isEmpty() || !types.getLast().equals(type))) {
                    types.add(type);
                }
            }
            return types;
        }
    }

    Answer python(String code) throws Exception {
        return run(Map.of("code", code));
    }

    Answer run(String language, String code) throws Exception {
        return run(Map.of("code", code, "language", language));
    }

    Answer in(String context, String code) throws Exception {
        return run(Map.of("code", code, "context_id", context));
    }

    Answer run(Map<String, Object> request) throws Exception {
        try (Running running = start(request)) {
            return running.rest();
        }
    }

    /** An answer that is being read. */
    static final class Running implements AutoCloseable {
        private final InputStream body;
        private final List<JsonNode> lines = new ArrayList<>();

        Running(HttpResponse<InputStream> response) {
            this.body = new BufferedInputStream(response.body());
        }

        InputStream body() {
            return body;
        }

        /** The next line that is not a sign of life. */
        JsonNode next() {
            while (true) {
                JsonNode line = line();
                if (!line.path("type").asString().equals("keepalive")) {
                    return line;
                }
            }
        }

        private JsonNode line() {
            StringBuilder text = new StringBuilder();
            try {
                for (int c = body().read(); c != '\n'; c = body().read()) {
                    if (c < ' ' || c > 0x7e) {
                        throw new AssertionError("byte " + c + " after '" + text + "', after " + lines);
                    }
                    text.append((char) c);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            JsonNode line = Lines.JSON.readTree(text.toString());
            lines.add(line);
            return line;
        }

        Answer rest() {
            while (!line().path("type").asString().equals("end_of_execution")) {
                // Until then.
            }
            try {
                assertThat(body().read()).isEqualTo(-1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Answer(List.copyOf(lines));
        }

        /** As a client that goes away. */
        @Override
        public void close() throws IOException {
            body().close();
        }
    }

    Running start(Map<String, Object> request) throws Exception {
        HttpResponse<InputStream> response =
                client.send(execute(request).build(), HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            String body = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
            throw new AssertionError(response.statusCode() + " " + body);
        }
        return new Running(response);
    }

    HttpRequest.Builder execute(Map<String, Object> request) {
        return to("/execute")
                .header("X-Access-Token", token())
                .POST(HttpRequest.BodyPublishers.ofByteArray(Lines.JSON.writeValueAsBytes(request)));
    }

    HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.ports().getFirst() + path))
                .timeout(SOON);
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body) throws Exception {
        return send(to(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    void interrupt(String context) throws Exception {
        HttpResponse<String> answer = send(to("/contexts/" + context + "/interrupt")
                .header("X-Access-Token", token())
                .POST(HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
    }

    JsonNode context(String language, String folder) throws Exception {
        ObjectNode wanted = Lines.JSON.createObjectNode();
        wanted.put("language", language);
        wanted.put("cwd", folder);
        HttpResponse<String> answer = post("/contexts", wanted.toString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Lines.JSON.readTree(answer.body());
    }

    String context() throws Exception {
        return context("python", "/home/user").path("id").asString();
    }

    static void eventually(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    @Override
    public void close() {
        server.close();
        client.close();
        guest.close();
    }
}
