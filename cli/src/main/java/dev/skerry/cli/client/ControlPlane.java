package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The control plane of a server. Methods throw {@link Failure} with the server's words; {@code UNAUTHENTICATED} when
 * the key is not valid, {@code HOST_UNREACHABLE} when nobody answers. Thread-safe.
 */
public final class ControlPlane implements AutoCloseable {
    /** A create may wait for a place; everything else is quick. */
    private static final Duration BOUND = Duration.ofSeconds(90);

    private static final Duration HEALTH_BOUND = Duration.ofSeconds(2);
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final int PAGES_MAX = 10_000;

    private final HttpOrigin origin;

    private ControlPlane(HttpOrigin origin) {
        this.origin = origin;
    }

    public static ControlPlane open(ServerAddress address) {
        return new ControlPlane(new HttpOrigin(address));
    }

    public ServerAddress address() {
        return origin.address();
    }

    /** Whether a server is there at all, whatever it thinks of our key. */
    public boolean answers() throws InterruptedException {
        try {
            HttpRequest request = origin.request("/health").GET().build();
            return origin.send(request, HEALTH_BOUND).statusCode() == 204;
        } catch (Failure e) {
            return false;
        }
    }

    /** All sandboxes, running and paused. */
    public List<ServerSandbox> sandboxes() throws InterruptedException {
        List<ServerSandbox> all = new ArrayList<>();
        String token = "";
        for (int page = 0; page < PAGES_MAX; page++) {
            String query = "?state=running,paused&limit=100" + (token.isEmpty() ? "" : "&nextToken=" + encoded(token));
            HttpResponse<byte[]> answer = exchange("GET", "/v2/sandboxes" + query, Optional.empty());
            parsed(answer, "/v2/sandboxes").forEach(json -> all.add(ServerSandbox.of(json)));
            token = answer.headers().firstValue("X-Next-Token").orElse("");
            if (token.isEmpty()) {
                return all;
            }
        }
        throw new Failure(ErrorCode.INTERNAL, "the server's list of sandboxes does not end");
    }

    /** @throws Failure {@code NOT_FOUND} */
    public ServerSandbox sandbox(String id) throws InterruptedException {
        return ServerSandbox.of(get("/sandboxes/" + checked(id)));
    }

    /**
     * What to make.
     *
     * @param timeout until it ends; empty for the server's default
     */
    public record NewSandbox(
            Optional<String> template,
            Optional<Duration> timeout,
            boolean pauses,
            Map<String, String> metadata,
            Map<String, String> environment) {
        public NewSandbox {
            metadata = Map.copyOf(metadata);
            environment = Map.copyOf(environment);
        }

        private Map<String, Object> body() {
            Map<String, Object> body = new LinkedHashMap<>();
            template.ifPresent(name -> body.put("templateID", name));
            timeout.ifPresent(time -> body.put("timeout", seconds(time)));
            if (pauses) {
                body.put("autoPause", true);
            }
            body.put("metadata", metadata);
            body.put("envVars", environment);
            return body;
        }
    }

    /** @return its id */
    public String create(NewSandbox wanted) throws InterruptedException {
        return post("/v2/sandboxes", wanted.body()).path("sandboxID").asString("");
    }

    public void kill(String id) throws InterruptedException {
        delete("/sandboxes/" + checked(id));
    }

    /** @throws Failure {@code CONFLICT} when it is paused already */
    public void pause(String id) throws InterruptedException {
        post("/sandboxes/" + checked(id) + "/pause", Map.of());
    }

    /** Has no effect on one that runs, except that it ends no earlier than {@code timeout} from now. */
    public void resume(String id, Optional<Duration> timeout) throws InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        timeout.ifPresent(time -> body.put("timeout", seconds(time)));
        post("/v2/sandboxes/" + checked(id) + "/connect", body);
    }

    /** The data plane of one that runs. */
    public Envd envd(ServerSandbox sandbox, Optional<String> user) {
        return new Envd(origin, sandbox, user);
    }

    /** @param path with its query, encoded */
    public JsonNode get(String path) throws InterruptedException {
        return parsed(exchange("GET", path, Optional.empty()), path);
    }

    /**
     * Some of a long list with numbers, whose server looks at so much at a time, whether it finds anything or not.
     *
     * @param seen where to go on; what is before that was looked at; 0 if nothing is left
     * @param last the greatest number there was
     */
    public record Found(JsonNode page, long seen, long last) {}

    /** @param path with its query, encoded */
    public Found find(String path) throws InterruptedException {
        HttpResponse<byte[]> answer = exchange("GET", path, Optional.empty());
        return new Found(
                parsed(answer, path),
                answer.headers().firstValueAsLong("Skerry-Seen").orElse(0),
                answer.headers().firstValueAsLong("Skerry-Last").orElse(0));
    }

    /** @return what the answer holds; an empty object when it holds nothing */
    public JsonNode post(String path, Map<String, Object> body) throws InterruptedException {
        return parsed(exchange("POST", path, Optional.of(body)), path);
    }

    /** As {@link #post(String, Map)}, for what takes longer. */
    public JsonNode post(String path, Map<String, Object> body, Duration bound) throws InterruptedException {
        return parsed(exchange("POST", path, Optional.of(body), bound), path);
    }

    /** See {@link #post}. */
    public JsonNode patch(String path, Map<String, Object> body) throws InterruptedException {
        return parsed(exchange("PATCH", path, Optional.of(body)), path);
    }

    /** See {@link #post}. */
    public JsonNode put(String path, Map<String, Object> body) throws InterruptedException {
        return parsed(exchange("PUT", path, Optional.of(body)), path);
    }

    public void delete(String path) throws InterruptedException {
        exchange("DELETE", path, Optional.empty());
    }

    /** For what has no path of its own. @return as of {@link #post} */
    public JsonNode delete(String path, Map<String, Object> body) throws InterruptedException {
        return parsed(exchange("DELETE", path, Optional.of(body)), path);
    }

    private HttpResponse<byte[]> exchange(String method, String path, Optional<Map<String, Object>> body)
            throws InterruptedException {
        return exchange(method, path, body, BOUND);
    }

    private HttpResponse<byte[]> exchange(
            String method, String path, Optional<Map<String, Object>> body, Duration bound)
            throws InterruptedException {
        HttpRequest.Builder request =
                origin.request(path).header("Accept", "application/json").header("User-Agent", "skerry-cli");
        if (!origin.address().key().isEmpty()) {
            request.header("X-API-Key", origin.address().key());
        }
        body.ifPresentOrElse(
                fields -> request.header("Content-Type", "application/json")
                        .method(
                                method,
                                BodyPublishers.ofByteArray(JsonMapper.shared().writeValueAsBytes(fields))),
                () -> request.method(method, BodyPublishers.noBody()));
        HttpResponse<byte[]> answer = origin.send(request.build(), bound);
        if (answer.statusCode() / 100 != 2) {
            throw refused(Refusals.of(answer.statusCode(), answer.body(), method + " " + path), path);
        }
        return answer;
    }

    private Failure refused(Failure failure, String path) {
        if (failure.code() == ErrorCode.NOT_FOUND && failure.hint().isEmpty() && path.contains("/sandboxes/")) {
            return new Failure(failure.code(), String.valueOf(failure.getMessage()), "'./skerry ps' lists sandboxes");
        }
        if (failure.code() != ErrorCode.UNAUTHENTICATED) {
            return failure;
        }
        String hint = origin.address().key().isEmpty()
                ? "set E2B_API_KEY, or name a key with --key"
                : "name another with --key or E2B_API_KEY; './skerry keys create' makes one where a valid one is known";
        return new Failure(failure.code(), String.valueOf(failure.getMessage()), hint);
    }

    private static JsonNode parsed(HttpResponse<byte[]> answer, String path) {
        try {
            byte[] body = answer.body().length == 0 ? "{}".getBytes(StandardCharsets.UTF_8) : answer.body();
            return JsonMapper.shared().readTree(body);
        } catch (JacksonException e) {
            throw new Failure(
                    ErrorCode.INTERNAL,
                    "the answer to " + path + " is not JSON",
                    "does E2B_API_URL lead to a server of Skerry?",
                    e);
        }
    }

    /** @throws Failure {@code INVALID_REQUEST} for what cannot be an id */
    public static String checked(String id) {
        if (!ID.matcher(id).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'" + id + "' is not an id", "'./skerry ps' lists the sandboxes' ids");
        }
        return id;
    }

    /** For a query. */
    public static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static long seconds(Duration time) {
        return time.plusMillis(999).toSeconds();
    }

    @Override
    public void close() {
        origin.close();
    }
}
