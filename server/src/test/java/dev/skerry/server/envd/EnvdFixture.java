package dev.skerry.server.envd;

import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.OpenStreams;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import tools.jackson.databind.JsonNode;

/** The service behind a real HTTP server, in front of a real guestd; and a client of it. */
final class EnvdFixture implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(20);
    static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    private static final Duration STALL_BOUND = Duration.ofSeconds(2);

    private final BareGuest guest;
    private final SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
    private final AtomicReference<EnvdService> service = new AtomicReference<>();
    private final AtomicReference<LiveSandbox> sandbox = new AtomicReference<>();
    private final HttpServer server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    EnvdFixture(Path folder) throws IOException {
        guest = BareGuest.start(folder);
        sandbox.set(guest.live(true, false, Map.of("FROM_SANDBOX", "yes")));
        restart();
        server = HttpServer.open(List.of(Listener.plain(new Listener.Address("127.0.0.1", 0))), this::gateway);
    }

    /** As the gateway does it. */
    private void gateway(Exchange exchange) throws IOException, InterruptedException {
        try (OpenStreams.Entry _ = sandbox.get().streams().enter()) {
            service.get().handle(exchange, sandbox.get());
        } catch (Failure e) {
            if (e.code() != ErrorCode.SANDBOX_GONE || exchange.answered()) {
                throw e;
            }
            exchange.json(502, Map.of("code", 502, "message", "The sandbox was not found"));
        }
    }

    /** As when the program is started anew: nothing is remembered. */
    void restart() {
        service.set(new EnvdService(tokens, InstantSource.fixed(NOW), STALL_BOUND));
    }

    /** From now on its user may become root. */
    void allowSudo() {
        sandbox.set(guest.live(Privilege.SUDO, true, false, Map.of()));
    }

    void open() {
        sandbox.set(guest.live(false, false, Map.of()));
    }

    EnvdService service() {
        return service.get();
    }

    BareGuest guest() {
        return guest;
    }

    Path home() {
        return guest.home().resolve("user");
    }

    HttpClient client() {
        return client;
    }

    int port() {
        return server.ports().getFirst();
    }

    String token() {
        return tokens.token(SandboxTokens.Purpose.ENVD, guest.id());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .timeout(SOON)
                .header("X-Access-Token", token());
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    static String files(String path) {
        return "/files?path=" + URLEncoder.encode(path, StandardCharsets.UTF_8);
    }

    HttpResponse<String> upload(String path, byte[] content) throws IOException, InterruptedException {
        return send(request(files(path))
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofByteArray(content)));
    }

    HttpResponse<String> rpc(String method, String json) throws IOException, InterruptedException {
        return send(request(method)
                .header("Content-Type", "application/json")
                .header("Connect-Protocol-Version", "1")
                .POST(BodyPublishers.ofString(json)));
    }

    /** The answer to a call that must succeed. */
    JsonNode call(String method, String json) throws IOException, InterruptedException {
        HttpResponse<String> response = rpc(method, json);
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + response.body());
        }
        return Exchange.JSON.readTree(response.body());
    }

    Streamed stream(String method, String json, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(method)
                .header("Content-Type", "application/connect+json")
                .POST(BodyPublishers.ofByteArray(envelope(0, json.getBytes(StandardCharsets.UTF_8))));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return new Streamed(client.send(request.build(), BodyHandlers.ofInputStream()));
    }

    /** Runs a shell's command to its end. */
    Streamed shell(String command, String... headers) throws IOException, InterruptedException {
        return stream("/process.Process/Start", start(command, "false"), headers);
    }

    static String start(String command, String stdin) {
        String quoted = Exchange.JSON.writeValueAsString(command);
        return "{\"process\":{\"cmd\":\"/bin/bash\",\"args\":[\"-c\"," + quoted + "]},\"stdin\":" + stdin + "}";
    }

    static byte[] envelope(int flags, byte[] content) {
        return ByteBuffer.allocate(5 + content.length)
                .put((byte) flags)
                .putInt(content.length)
                .put(content)
                .array();
    }

    /** The envelopes of an answer. */
    record Streamed(HttpResponse<InputStream> response) implements AutoCloseable {
        /** One envelope as it came. */
        record Frame(int flags, JsonNode content) {}

        /** The next; empty at the end of the body. Broken answers throw. */
        Optional<Frame> next() throws IOException {
            byte[] head = response.body().readNBytes(5);
            if (head.length == 0) {
                return Optional.empty();
            }
            byte[] content = response.body().readNBytes(ByteBuffer.wrap(head).getInt(1));
            return Optional.of(new Frame(head[0], Exchange.JSON.readTree(content)));
        }

        /** The next event of a process. */
        JsonNode event() throws IOException {
            return next().orElseThrow().content().path("event");
        }

        int pid() throws IOException {
            return event().path("start").path("pid").asInt();
        }

        /** All that comes, up to the end. */
        Output rest() throws IOException {
            StringBuilder out = new StringBuilder();
            StringBuilder err = new StringBuilder();
            JsonNode end = Exchange.JSON.createObjectNode();
            Frame frame = next().orElseThrow();
            while (frame.flags() == 0) {
                JsonNode event = frame.content().path("event");
                JsonNode data = event.path("data");
                out.append(text(data.path("stdout"))).append(text(data.path("pty")));
                err.append(text(data.path("stderr")));
                end = event.has("end") ? event.path("end") : end;
                frame = next().orElseThrow();
            }
            return new Output(out.toString(), err.toString(), end, frame.content());
        }

        static String text(JsonNode base64) {
            return new String(Base64.getDecoder().decode(base64.asString("")), StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            response.body().close();
        }
    }

    /**
     * What a process said.
     *
     * @param end its last event
     * @param trailer what ended the stream
     */
    record Output(String out, String err, JsonNode end, JsonNode trailer) {
        String error() {
            return trailer.path("error").path("code").asString("");
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.close();
        guest.close();
    }
}
