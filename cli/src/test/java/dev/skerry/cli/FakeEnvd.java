package dev.skerry.cli;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The data plane of a sandbox, with this machine's processes and files. */
final class FakeEnvd implements AutoCloseable {
    /** A program that the stream of output breaks off under. */
    static final String BROKEN = "broken";

    /** A program of which only its end is told. */
    static final String KILLED = "killed";

    final List<JsonNode> started = new CopyOnWriteArrayList<>();
    final List<String> signals = new CopyOnWriteArrayList<>();
    /** What {@code cat /proc/net/tcp} prints. */
    volatile String tables = "";

    private final Map<Long, Process> processes = new ConcurrentHashMap<>();

    /** @param body of the request */
    void handle(HttpExchange exchange, byte[] body) throws IOException {
        String token = exchange.getRequestHeaders().getFirst("X-Access-Token");
        String port = exchange.getRequestHeaders().getFirst("E2b-Sandbox-Port");
        if (!FakeE2b.TOKEN.equals(token) || !"49983".equals(port)) {
            answer(exchange, 401, "{\"code\":\"unauthenticated\",\"message\":\"no token\"}");
            return;
        }
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/process.Process/Start" -> start(exchange, json(body, 5));
            case "/files" -> files(exchange, body);
            case "/filesystem.Filesystem/Stat" ->
                stat(exchange, Path.of(json(body, 0).path("path").asString("")));
            default -> command(exchange, path.replaceFirst(".*/", ""), json(body, 0));
        }
    }

    private static JsonNode json(byte[] body, int offset) {
        return JsonMapper.shared().readTree(body, offset, body.length - offset);
    }

    private void start(HttpExchange exchange, JsonNode request) throws IOException {
        started.add(request);
        exchange.getResponseHeaders().set("Content-Type", "application/connect+json");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            List<String> words = new java.util.ArrayList<>();
            words.add(request.path("process").path("cmd").asString(""));
            request.path("process").path("args").forEach(word -> words.add(word.asString("")));
            if (words.getFirst().equals(BROKEN)) {
                event(out, Map.of("start", Map.of("pid", 7)));
                event(out, Map.of("data", Map.of("stdout", base64("half"))));
            } else if (words.getFirst().equals(KILLED)) {
                event(out, Map.of("start", Map.of("pid", 7)));
                event(out, Map.of("keepalive", Map.of()));
                event(out, Map.of("end", Map.of("exitCode", -1, "status", "signal: killed")));
                envelope(out, 2, Map.of());
            } else if (words.contains("/proc/net/tcp")) {
                event(out, Map.of("start", Map.of("pid", 8)));
                event(out, Map.of("data", Map.of("stdout", base64(tables))));
                event(out, Map.of("end", Map.of("exitCode", 1, "exited", true, "status", "exit status 1")));
                envelope(out, 2, Map.of());
            } else {
                run(out, words, request);
            }
        }
    }

    private void run(OutputStream out, List<String> words, JsonNode request) throws IOException {
        Process process;
        String program = words.getFirst();
        try {
            var builder = new ProcessBuilder(words);
            request.path("process").path("envs").properties().forEach(entry -> builder.environment()
                    .put(entry.getKey(), entry.getValue().asString("")));
            String folder = request.path("process").path("cwd").asString("");
            process = builder.directory(
                            folder.isEmpty() ? null : Path.of(folder).toFile())
                    .start();
        } catch (IOException e) {
            // In the words of the real one: "…: error=2, No such file or directory" or "…: error=13, Permission
            // denied".
            String reason = String.valueOf(e.getMessage()).replaceFirst("(?s).*error=[0-9]+, ", "");
            String message = "error starting process '%s': %s: %s".formatted(program, program, reason);
            envelope(out, 2, Map.of("error", Map.of("code", "invalid_argument", "message", message)));
            return;
        }
        processes.put(process.pid(), process);
        event(out, Map.of("start", Map.of("pid", process.pid())));
        if (!request.path("stdin").asBoolean(false)) {
            process.getOutputStream().close();
        }
        String name = request.has("pty") ? "pty" : "stdout";
        Thread errors = Thread.ofVirtual().start(() -> pump(process.getErrorStream(), "stderr", out));
        pump(process.getInputStream(), name, out);
        try {
            errors.join();
            int code = process.waitFor();
            event(
                    out,
                    code > 128
                            ? Map.of("end", Map.of("exitCode", -1, "status", "signal: " + (code - 128)))
                            : Map.of("end", Map.of("exitCode", code, "exited", true, "status", "exit status " + code)));
            envelope(out, 2, Map.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            processes.remove(process.pid());
        }
    }

    private static void pump(InputStream from, String name, OutputStream to) {
        byte[] buffer = new byte[4096];
        try {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                String text = Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(buffer, n));
                event(to, Map.of("data", Map.of(name, text)));
            }
        } catch (IOException e) {
            // The client has gone, or the process.
        }
    }

    private void command(HttpExchange exchange, String method, JsonNode request) throws IOException {
        Process process = processes.get(request.path("process").path("pid").asLong(0));
        if (process == null) {
            answer(exchange, 404, "{\"code\":\"not_found\",\"message\":\"no such process\"}");
            return;
        }
        try {
            switch (method) {
                case "SendInput" -> {
                    JsonNode input = request.path("input");
                    String text = input.path("stdin").asString(input.path("pty").asString(""));
                    process.getOutputStream().write(Base64.getDecoder().decode(text));
                    process.getOutputStream().flush();
                }
                case "CloseStdin" -> process.getOutputStream().close();
                case "SendSignal" -> {
                    String signal = request.path("signal").asString("");
                    signals.add(signal);
                    if (signal.equals("SIGNAL_SIGKILL")) {
                        process.destroyForcibly();
                    } else {
                        process.destroy();
                    }
                }
                default -> throw new AssertionError(method);
            }
            answer(exchange, 200, "{}");
        } catch (IOException e) {
            answer(exchange, 404, "{\"code\":\"not_found\",\"message\":\"it reads no more\"}");
        }
    }

    private static void stat(HttpExchange exchange, Path path) throws IOException {
        if (!Files.exists(path)) {
            answer(exchange, 404, "{\"code\":\"not_found\",\"message\":\"file not found: " + path + "\"}");
            return;
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("type", Files.isDirectory(path) ? "FILE_TYPE_DIRECTORY" : "FILE_TYPE_FILE");
        entry.put("mode", Files.isExecutable(path) ? 0755 : 0644);
        answer(exchange, 200, JsonMapper.shared().writeValueAsString(Map.of("entry", entry)));
    }

    private static void files(HttpExchange exchange, byte[] body) throws IOException {
        String query = exchange.getRequestURI().getRawQuery();
        String text = query.replaceFirst(".*path=([^&]*).*", "$1");
        Path path = Path.of(URLDecoder.decode(text, StandardCharsets.UTF_8));
        try {
            if (exchange.getRequestMethod().equals("POST")) {
                Files.createDirectories(path.resolveSibling(""));
                Files.write(path, body);
                answer(exchange, 200, "[{\"path\":\"" + path + "\"}]");
            } else {
                byte[] content = Files.readAllBytes(path);
                exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
                exchange.getResponseBody().write(content);
            }
        } catch (NoSuchFileException e) {
            answer(exchange, 404, "{\"code\":404,\"message\":\"path '" + path + "' does not exist\"}");
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void event(OutputStream out, Map<String, Object> event) throws IOException {
        envelope(out, 0, Map.of("event", event));
    }

    private static void envelope(OutputStream out, int flags, Map<String, Object> message) throws IOException {
        byte[] bytes = JsonMapper.shared().writeValueAsBytes(message);
        byte[] whole = ByteBuffer.allocate(5 + bytes.length)
                .put((byte) flags)
                .putInt(bytes.length)
                .put(bytes)
                .array();
        synchronized (out) {
            out.write(whole);
            out.flush();
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        processes.values().forEach(Process::destroyForcibly);
    }
}
