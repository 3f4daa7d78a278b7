package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ContextsTest {
    @TempDir
    private Path folder;

    private Interpreted interpreter;

    @BeforeEach
    void open() throws Exception {
        interpreter = new Interpreted(folder);
    }

    @AfterEach
    void close() {
        interpreter.close();
    }

    private List<JsonNode> list() throws Exception {
        HttpResponse<String> answer =
                interpreter.send(interpreter.to("/contexts").GET());
        assertThat(answer.statusCode()).isEqualTo(200);
        JsonNode all = Lines.JSON.readTree(answer.body());
        return StreamSupport.stream(all.spliterator(), false).toList();
    }

    private HttpResponse<String> delete(String id) throws Exception {
        return interpreter.send(interpreter.to("/contexts/" + id).DELETE());
    }

    private void refused(int status, String text, Map<String, Object> request) throws Exception {
        HttpResponse<String> answer = interpreter.send(interpreter.execute(request));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).contains(text);
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    }

    @Test
    void aContextHasItsLanguageFolderAndVariables() throws Exception {
        assertThat(list().stream().map(context -> context.path("language").asString()))
                .containsExactly("python", "javascript");
        JsonNode made = interpreter.context("Python", "/home");
        assertThat(made.path("language").asString()).isEqualTo("python");
        assertThat(made.path("cwd").asString()).isEqualTo("/home");
        assertThat(list().getLast()).isEqualTo(made);
        String id = made.path("id").asString();
        assertThat(interpreter
                        .in(id, "import os; x = 1; os.getcwd()")
                        .result()
                        .path("text")
                        .asString())
                .isEqualTo("/home");
        assertThat(interpreter.python("x").error().path("name").asString()).isEqualTo("NameError");
        assertThat(interpreter
                        .python("os = __import__('os'); os.getcwd()")
                        .result()
                        .path("text")
                        .asString())
                .isEqualTo("/home/user");
        assertThat(list()).hasSize(3);
        assertThat(delete(id).statusCode()).isEqualTo(204);
        assertThat(list()).hasSize(2);
        refused(404, "Context " + id + " not found", Map.of("code", "1", "context_id", id));
        assertThat(delete(id).statusCode()).isEqualTo(404);
    }

    @Test
    void aContextIsUsedWithNullsAsClientsSendThem() throws Exception {
        assertThat(interpreter.post("/contexts", "{}").statusCode()).isEqualTo(200);
        HttpResponse<String> answer = interpreter.send(interpreter
                .to("/execute")
                .header("X-Access-Token", interpreter.token())
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"code\":\"1\",\"context_id\":null,\"language\":null,\"env_vars\":null}")));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).endsWith("{\"type\":\"end_of_execution\"}\n");
    }

    @Test
    void wrongRequestsAreRefusedInWords() throws Exception {
        refused(
                400,
                "Only one of context_id or language",
                Map.of("code", "1", "context_id", "a", "language", "python"));
        refused(404, "Context nope not found", Map.of("code", "1", "context_id", "nope"));
        refused(400, "python, javascript, typescript, bash", Map.of("code", "1", "language", "cobol"));
        refused(400, "'code' is missing", Map.of("language", "python"));
        refused(400, "'code' must be a string", Map.of("code", 1));
        refused(400, "'env_vars.A' must be a string", Map.of("code", "1", "env_vars", Map.of("A", 1)));
        refused(400, "'A=B' is not a name", Map.of("code", "1", "env_vars", Map.of("A=B", "c")));
        assertThat(interpreter.post("/contexts", "{\"cwd\":\"/nope\"}").body()).contains("cwd '/nope' does not exist");
        assertThat(interpreter.post("/contexts", "{\"cwd\":\"rel\"}").statusCode())
                .isEqualTo(400);
        assertThat(interpreter
                        .post("/contexts", "{\"cwd\":\"/" + "a".repeat(300) + "\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(interpreter.post("/contexts", "[]").statusCode()).isEqualTo(400);
        assertThat(interpreter.post("/contexts", "{").statusCode()).isEqualTo(400);
        assertThat(interpreter.post("/nothing", "{}").statusCode()).isEqualTo(404);
        assertThat(interpreter.post("/contexts/x/restart", "").statusCode()).isEqualTo(404);
        assertThat(interpreter.send(interpreter.to("/health").GET()).body()).isEqualTo("OK");
        assertThat(list()).hasSize(2);
    }

    @Test
    void aLanguageThatTheSandboxLacksIsNamed() throws Exception {
        interpreter.as(interpreter.guest().live(true, true, Map.of("PATH", "/nowhere")));
        refused(
                404,
                "JavaScript needs 'node', which this sandbox does not have",
                Map.of("code", "1", "language", "js"));
        refused(404, "Python needs 'python3'", Map.of("code", "1"));
        refused(404, "Bash needs 'bash'", Map.of("code", "1", "language", "bash"));
    }

    @Test
    void runningCodeNeedsTheTokenOfTheSandbox() throws Exception {
        String run = "{\"code\":\"1\"}";
        assertThat(interpreter.post("/execute", run).statusCode()).isEqualTo(401);
        HttpRequest.Builder wrong = interpreter
                .to("/execute")
                .header("X-Access-Token", interpreter.trafficToken())
                .POST(HttpRequest.BodyPublishers.ofString(run));
        assertThat(interpreter.send(wrong).statusCode()).isEqualTo(401);
        String id = interpreter.context();
        assertThat(interpreter.post("/contexts/" + id + "/interrupt", "").statusCode())
                .isEqualTo(401);
        assertThat(interpreter
                        .send(interpreter
                                .to("/contexts")
                                .header("X-Access-Token", "wrong")
                                .GET())
                        .statusCode())
                .isEqualTo(401);
        interpreter.as(interpreter.guest().live(false, true, Map.of()));
        assertThat(interpreter.post("/execute", run).statusCode()).isEqualTo(200);
    }

    @Test
    void contextsNeedTheTrafficTokenWherePortsAreNotPublic() throws Exception {
        interpreter.as(interpreter.guest().live(true, false, Map.of()));
        assertThat(interpreter.post("/contexts", "{}").statusCode()).isEqualTo(401);
        assertThat(interpreter
                        .send(interpreter
                                .to("/contexts")
                                .header("E2B-Traffic-Access-Token", interpreter.trafficToken())
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        assertThat(interpreter
                        .send(interpreter
                                .to("/contexts")
                                .header("E2B-Traffic-Access-Token", interpreter.token())
                                .GET())
                        .statusCode())
                .isEqualTo(401);
        assertThat(interpreter.send(interpreter.to("/health").GET()).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aRestartEmptiesAContextAndEndsWhatItRuns() throws Exception {
        String id = interpreter.context();
        interpreter.in(id, "x = 1");
        try (Interpreted.Running running =
                interpreter.start(Map.of("code", "print('on')\nimport time; time.sleep(600)", "context_id", id))) {
            running.next();
            assertThat(running.next().path("text").asString()).isEqualTo("on\n");
            assertThat(interpreter.post("/contexts/" + id + "/restart", "").statusCode())
                    .isEqualTo(204);
            assertThat(running.rest().error().path("name").asString()).isEqualTo("KernelDied");
        }
        assertThat(interpreter.in(id, "x").error().path("name").asString()).isEqualTo("NameError");
        assertThat(interpreter
                        .in(id, "1")
                        .of("number_of_executions")
                        .getFirst()
                        .path("execution_count")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void aServerThatStartsFindsTheContextsAndTheirVariables() throws Exception {
        JsonNode made = interpreter.context("bash", "/home");
        String id = made.path("id").asString();
        interpreter.in(id, "x='it lives'");
        interpreter.python("y = 2");
        List<JsonNode> before = list();
        interpreter.restart();
        assertThat(list()).contains(made).contains(before.getFirst()).hasSameSizeAs(before);
        assertThat(interpreter.in(id, "echo $x; pwd").text("stdout")).isEqualTo("it lives\n/home\n");
        assertThat(interpreter.python("y").result().path("text").asString()).isEqualTo("2");
    }

    @Test
    void codeThatRanWhenTheServerEndedIsInterrupted() throws Exception {
        String id = interpreter.context();
        try (Interpreted.Running running = interpreter.start(
                Map.of("code", "kept = 3\nprint('on')\nimport time\nwhile True: time.sleep(1)", "context_id", id))) {
            running.next();
            assertThat(running.next().path("text").asString()).isEqualTo("on\n");
            interpreter.restart();
        } catch (java.io.IOException e) {
            // The connection broke with the server.
        }
        assertThat(interpreter.in(id, "kept").result().path("text").asString()).isEqualTo("3");
    }

    @Test
    void thereIsABoundOnContexts() throws Exception {
        for (int i = list().size(); i < 64; i++) {
            HttpResponse<String> answer = interpreter.post("/contexts", "{\"language\":\"bash\"}");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
        HttpResponse<String> answer = interpreter.post("/contexts", "{\"language\":\"bash\"}");
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(answer.body()).contains("at most 64 contexts");
    }
}
