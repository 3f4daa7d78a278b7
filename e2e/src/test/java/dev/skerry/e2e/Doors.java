package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The doors of a server through which programs come in: Piston's API, with the key in the base URL, and our own. What
 * they answer is told in the words of the table of attacks.
 */
final class Doors {
    static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final String TIME_LIMIT = "Time limit exceeded";

    private final ShippedServer server;
    private final String key;
    private final HttpClient client;

    Doors(ShippedServer server, String key, HttpClient client) {
        this.server = server;
        this.key = key;
        this.client = client;
    }

    /** The same for somebody else. */
    Doors with(String otherKey) {
        return new Doors(server, otherKey, client);
    }

    HttpClient client() {
        return client;
    }

    String key() {
        return key;
    }

    URI http(String path) {
        return URI.create(server.url() + path);
    }

    /** With the key in it. */
    URI piston(String path) {
        return http("/k/" + key + "/api/v2" + path);
    }

    HttpResponse<String> execute(byte[] content) {
        return send(piston("/execute"), "POST", content);
    }

    HttpResponse<String> execute(String content) {
        return execute(content.getBytes(StandardCharsets.UTF_8));
    }

    HttpResponse<String> judge(byte[] content) {
        return send(http("/skerry/v1/jobs"), "POST", content);
    }

    HttpResponse<String> judge(String content) {
        return judge(content.getBytes(StandardCharsets.UTF_8));
    }

    HttpResponse<String> send(URI to, String method, byte[] content) {
        var request = HttpRequest.newBuilder(to)
                .timeout(BOUND)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofByteArray(content));
        if (!to.getPath().startsWith("/k/")) {
            request.header("X-API-Key", key);
        }
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError(
                    "no answer to " + method + " " + to.getPath().replace(key, "KEY"), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    static JsonNode json(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
        return JSON.readTree(answer.body());
    }

    /** Through both doors, which must agree. */
    String run(Program program) {
        return piston(program) + "; " + judged(program);
    }

    /** As Piston's clients are told: whether it is consistent is looked at, too. */
    String piston(Program program) {
        JsonNode answer = json(execute(program.piston().toString()));
        boolean compiled =
                !answer.has("compile") || answer.get("compile").get("status").isNull();
        JsonNode stage = compiled ? answer.get("run") : answer.get("compile");
        if (compiled) {
            proved(program, stage);
        } else {
            assertThat(answer.get("run")).isEqualTo(answer.get("compile"));
        }
        if (program.isolation().isPresent()) {
            assertThat(answer.get("sandbox").get("isolation").stringValue())
                    .isEqualTo(program.isolation().get());
        }
        return (compiled ? "" : "compiling: ") + told(stage);
    }

    private static void proved(Program program, JsonNode stage) {
        assertThat(stage.get("stdout").stringValue()).as("stdout of %s", stage).matches(program.stdout());
    }

    static String told(JsonNode stage) {
        String status =
                stage.get("status").isNull() ? "OK" : stage.get("status").stringValue();
        String message =
                stage.get("message").isNull() ? "" : stage.get("message").stringValue();
        int code = stage.get("code").isNull() ? -1 : stage.get("code").intValue();
        String signal = stage.get("signal").isNull() ? "" : stage.get("signal").stringValue();
        String whole = String.join("/", status, String.valueOf(code), signal, message);
        boolean truncated = stage.get("truncated").booleanValue();
        assertThat(truncated).as(whole).isEqualTo(status.equals("OL") || status.equals("EL"));
        switch (status) {
            case "OK" -> assertThat(whole).isEqualTo("OK/0//");
            case "RE" -> assertThat(whole).isEqualTo("RE/" + code + "//Exited with error status " + code);
            case "SG" -> assertThat(whole).matches("SG/-1/SIG[A-Z0-9+]+/Caught fatal signal [0-9]+");
            case "TO" -> assertThat(whole).startsWith("TO/-1/SIGKILL/" + TIME_LIMIT);
            case "OL" -> assertThat(whole).isEqualTo("OL/-1/SIGKILL/stdout length exceeded");
            case "EL" -> assertThat(whole).isEqualTo("EL/-1/SIGKILL/stderr length exceeded");
            default -> throw new AssertionError("a status that no program causes: " + stage);
        }
        return switch (status) {
            case "RE" -> "RE, code " + code;
            case "SG" -> "SG, " + signal;
            case "TO" -> "TO, `" + message + "`";
            default -> status;
        };
    }

    /** As our own clients are told. */
    String judged(Program program) {
        return judged(program, json(judge(program.job().toString())));
    }

    private static String judged(Program program, JsonNode answer) {
        String verdict = answer.get("verdict").stringValue();
        JsonNode first = answer.get("cases").get(0);
        if (first.has("run")) {
            proved(program, first.get("run"));
            assertThat(first.get("verdict").stringValue()).isEqualTo(verdict);
            assertThat(verdict)
                    .isEqualTo(verdictOf(first.get("run").get("status").stringValue()));
        } else {
            assertThat(verdict).as(answer.toString()).isEqualTo("compile_error");
        }
        return "`" + verdict + "`";
    }

    private static String verdictOf(String status) {
        return switch (status) {
            case "ok" -> "accepted";
            case "runtime_error", "signalled" -> "runtime_error";
            case "timed_out", "cpu_time_exceeded" -> "time_limit";
            case "out_of_memory" -> "memory_limit";
            case "stdout_limit", "stderr_limit" -> "output_limit";
            default -> throw new AssertionError("a status that no program causes: " + status.toLowerCase(Locale.ROOT));
        };
    }

    /** What is said to somebody who asks for what cannot be. */
    static String refusal(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isBetween(400, 499);
        JsonNode body = JSON.readTree(answer.body());
        JsonNode message = body.has("stack") ? body.get("stack") : body.get("message");
        return answer.statusCode() + " `" + message.stringValue() + "`";
    }
}
