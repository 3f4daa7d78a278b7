package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Processes and files of one sandbox. Thread-safe. */
public final class Envd {
    /** Its port, by which the gateway tells it from the sandbox's own services. */
    private static final String PORT = "49983";

    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration TRANSFER_BOUND = Duration.ofHours(1);
    private static final int REFUSAL_BYTES_MAX = 64 << 10;

    private final HttpOrigin origin;
    private final ServerSandbox sandbox;
    private final Optional<String> user;

    Envd(HttpOrigin origin, ServerSandbox sandbox, Optional<String> user) {
        this.origin = origin;
        this.sandbox = sandbox;
        this.user = user;
    }

    public ServerSandbox sandbox() {
        return sandbox;
    }

    /** Starts a process; it goes on when this program ends. Its output waits until {@code follow} reads it. */
    public RemoteProcess start(ProcessStart start) throws InterruptedException {
        byte[] message = JsonMapper.shared().writeValueAsBytes(start.json());
        HttpRequest request = rpc("process.Process/Start", "application/connect+json")
                .header("Keepalive-Ping-Interval", Long.toString(RemoteProcess.KEEPALIVE.toSeconds()))
                .POST(BodyPublishers.ofByteArray(ConnectStream.envelope(message)))
                .build();
        HttpResponse<InputStream> answer = accepted(origin.stream(request, BOUND), "Start");
        return RemoteProcess.begin(
                this, new ConnectStream(answer.body()), start.terminal().isPresent());
    }

    /** One message there, one back. */
    JsonNode call(String method, Map<String, Object> message) throws InterruptedException {
        HttpRequest request = rpc(method, "application/json")
                .POST(BodyPublishers.ofByteArray(JsonMapper.shared().writeValueAsBytes(message)))
                .build();
        HttpResponse<byte[]> answer = origin.send(request, BOUND);
        if (answer.statusCode() != 200) {
            throw Refusals.of(answer.statusCode(), answer.body(), method);
        }
        try {
            return JsonMapper.shared().readTree(answer.body());
        } catch (JacksonException e) {
            throw new Failure(ErrorCode.INTERNAL, "the answer to " + method + " is not JSON", e);
        }
    }

    /** What is at a path; empty when nothing is. */
    public Optional<FileFacts> stat(String path) throws InterruptedException {
        try {
            JsonNode entry =
                    call("filesystem.Filesystem/Stat", Map.of("path", path)).path("entry");
            return Optional.of(new FileFacts(
                    entry.path("type").asString("").equals("FILE_TYPE_DIRECTORY"),
                    entry.path("mode").asInt(0644)));
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** @param mode the permission bits */
    public record FileFacts(boolean folder, int mode) {
        public boolean executable() {
            return (mode & 0100) != 0;
        }
    }

    /** The content of a file, as it comes. */
    public InputStream read(String path) throws InterruptedException {
        HttpRequest request = data("/files?path=" + ControlPlane.encoded(path) + username())
                .header("Accept-Encoding", "identity")
                .GET()
                .build();
        return accepted(origin.stream(request, BOUND), "GET /files").body();
    }

    /** Writes a file, with the folders above it. */
    public void write(String path, BodyPublisher content) throws InterruptedException {
        HttpRequest request = data("/files?path=" + ControlPlane.encoded(path) + username())
                .header("Content-Type", "application/octet-stream")
                .POST(content)
                .build();
        HttpResponse<byte[]> answer = origin.send(request, TRANSFER_BOUND);
        if (answer.statusCode() != 200) {
            throw Refusals.of(answer.statusCode(), answer.body(), "POST /files");
        }
    }

    private String username() {
        return user.map(name -> "&username=" + ControlPlane.encoded(name)).orElse("");
    }

    private HttpRequest.Builder rpc(String method, String type) {
        HttpRequest.Builder request =
                data("/" + method).header("Content-Type", type).header("Connect-Protocol-Version", "1");
        user.ifPresent(name -> request.header("Authorization", "Basic " + basic(name)));
        return request;
    }

    private static String basic(String name) {
        return Base64.getEncoder().encodeToString((name + ":").getBytes(StandardCharsets.UTF_8));
    }

    private HttpRequest.Builder data(String path) {
        HttpRequest.Builder request = origin.request(path)
                .header("E2b-Sandbox-Id", sandbox.id())
                .header("E2b-Sandbox-Port", PORT)
                .header("User-Agent", "skerry-cli");
        if (!sandbox.accessToken().isEmpty()) {
            request.header("X-Access-Token", sandbox.accessToken());
        }
        return request;
    }

    private static HttpResponse<InputStream> accepted(HttpResponse<InputStream> answer, String what) {
        if (answer.statusCode() == 200) {
            return answer;
        }
        try (InputStream body = answer.body()) {
            throw Refusals.of(answer.statusCode(), body.readNBytes(REFUSAL_BYTES_MAX), what);
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.HOST_UNREACHABLE,
                    "the server broke off its answer to " + what + ": " + e.getMessage(),
                    e);
        }
    }
}
