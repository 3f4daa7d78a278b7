package dev.skerry.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server of the E2B API on a free port. Its control plane says what a test told it to; its one sandbox is this
 * machine: {@link FakeEnvd}.
 */
final class FakeE2b implements AutoCloseable {
    static final String KEY = "e2b_0123456789012345678901234567890123456789";
    static final String ID = "01k2box0000000000000000000";
    static final String TOKEN = "box-token";

    final List<Asked> asked = new CopyOnWriteArrayList<>();
    final FakeEnvd envd = new FakeEnvd();
    private final Map<String, Queue<Answer>> answers = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;

    /** One request. */
    record Asked(String method, String path, String query, Map<String, List<String>> headers, String body) {
        JsonNode json() {
            return JsonMapper.shared().readTree(body);
        }

        String header(String name) {
            return headers.entrySet().stream()
                    .filter(entry -> entry.getKey().equalsIgnoreCase(name))
                    .map(entry -> entry.getValue().getFirst())
                    .findFirst()
                    .orElse("");
        }
    }

    private record Answer(int status, String body, Map<String, String> headers) {}

    FakeE2b() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        on("GET /health", 204, "");
        box("running", false);
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** What the one sandbox is said to be. */
    void box(String state, boolean resumes) {
        answers.remove("GET /sandboxes/" + ID);
        on("GET /sandboxes/" + ID, 200, """
            {"sandboxID":"%s","templateID":"base","state":"%s","startedAt":"2026-01-01T00:00:00Z",
             "cpuCount":2,"memoryMB":1024,"envdAccessToken":"%s","domain":"sbx.test:8443",
             "lifecycle":{"autoResume":%s}}\
            """.formatted(ID, state, TOKEN, resumes));
    }

    /** Adds an answer; the last one is given again and again. */
    void on(String request, int status, String body) {
        on(request, status, body, Map.of());
    }

    void on(String request, int status, String body, String nextToken) {
        on(request, status, body, Map.of("X-Next-Token", nextToken));
    }

    /** A page of a list with numbers. */
    void found(String request, String body, long seen, long last) {
        on(request, 200, body, Map.of("Skerry-Seen", String.valueOf(seen), "Skerry-Last", String.valueOf(last)));
    }

    private void on(String request, int status, String body, Map<String, String> headers) {
        answers.computeIfAbsent(request, _ -> new ArrayDeque<>()).add(new Answer(status, body, headers));
    }

    /** Requests like it, in their order. */
    List<Asked> asked(String method, String path) {
        return asked.stream()
                .filter(one -> one.method().equals(method) && one.path().equals(path))
                .toList();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            boolean data = exchange.getRequestHeaders().containsKey("E2b-Sandbox-Id");
            byte[] body = exchange.getRequestBody().readAllBytes();
            String query = exchange.getRequestURI().getRawQuery();
            asked.add(new Asked(
                    exchange.getRequestMethod(),
                    path,
                    query == null ? "" : query,
                    Map.copyOf(exchange.getRequestHeaders()),
                    new String(body, StandardCharsets.UTF_8)));
            if (data) {
                envd.handle(exchange, body);
                return;
            }
            if (!path.equals("/health")
                    && !KEY.equals(exchange.getRequestHeaders().getFirst("X-API-Key"))) {
                answer(exchange, new Answer(401, "{\"code\":401,\"message\":\"the API key is not valid\"}", Map.of()));
                return;
            }
            answer(exchange, next(exchange.getRequestMethod() + " " + path));
        }
    }

    private synchronized Answer next(String request) {
        Queue<Answer> queue = answers.getOrDefault(request, new ArrayDeque<>());
        Answer missing = new Answer(404, "{\"code\":404,\"message\":\"nothing at " + request + "\"}", Map.of());
        return queue.size() > 1 ? queue.remove() : queue.stream().findFirst().orElse(missing);
    }

    private static void answer(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    @Override
    public void close() {
        envd.close();
        server.stop(0);
        threads.shutdownNow();
    }
}
