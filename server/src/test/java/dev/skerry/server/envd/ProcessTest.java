package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.envd.EnvdFixture.Output;
import dev.skerry.server.envd.EnvdFixture.Streamed;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class ProcessTest {
    private static final String CONNECT = "/process.Process/Connect";

    private EnvdFixture envd;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        envd = new EnvdFixture(folder);
    }

    @AfterEach
    void stop() {
        envd.close();
    }

    private static String pid(int pid) {
        return "{\"process\":{\"pid\":" + pid + "}}";
    }

    private String input(int pid, String kind, String text) {
        String base64 = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        return "{\"process\":{\"pid\":%d},\"input\":{\"%s\":\"%s\"}}".formatted(pid, kind, base64);
    }

    @Test
    void aCommandTellsItsOutputsAndItsCode() throws Exception {
        try (Streamed stream = envd.shell("echo out; echo err >&2; exit 7")) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            assertThat(stream.response().headers().firstValue("content-type")).contains("application/connect+json");
            assertThat(stream.pid()).isPositive();
            Output output = stream.rest();
            assertThat(output.out()).isEqualTo("out\n");
            assertThat(output.err()).isEqualTo("err\n");
            assertThat(output.end().toString())
                    .isEqualTo("{\"exitCode\":7,\"exited\":true,\"status\":\"exit status 7\","
                            + "\"error\":\"exit status 7\"}");
            assertThat(output.trailer().toString()).isEqualTo("{}");
            assertThat(stream.next()).isEmpty();
        }
    }

    @Test
    void successHasNoError() throws Exception {
        try (Streamed stream = envd.shell("true")) {
            stream.pid();
            assertThat(stream.rest().end().toString()).isEqualTo("{\"exited\":true,\"status\":\"exit status 0\"}");
        }
    }

    @Test
    void theEnvironmentIsTheUsersTheSandboxsAndTheRequests() throws Exception {
        String request = """
                {"process":{"cmd":"env","envs":{"MINE":"1","LANG":"C"}},"stdin":false}""";
        try (Streamed stream = envd.stream("/process.Process/Start", request)) {
            stream.pid();
            assertThat(stream.rest().out().lines())
                    .contains("HOME=/home/user", "USER=user", "LOGNAME=user", "SHELL=/bin/bash")
                    .contains("FROM_SANDBOX=yes", "MINE=1", "LANG=C")
                    .anyMatch(line -> line.startsWith("PATH=/usr/local/sbin:"));
        }
    }

    @Test
    void theUserIsTheOneOfTheAuthorization() throws Exception {
        String root = "Basic " + Base64.getEncoder().encodeToString("root:".getBytes(StandardCharsets.UTF_8));
        try (Streamed stream = envd.shell("id -un; pwd", "Authorization", root)) {
            stream.pid();
            assertThat(stream.rest().out()).isEqualTo("root\n/root\n");
        }
        String ghost = "Basic " + Base64.getEncoder().encodeToString("ghost:".getBytes(StandardCharsets.UTF_8));
        try (Streamed stream = envd.shell("id -un", "Authorization", ghost)) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            assertThat(stream.next().orElseThrow().content().toString())
                    .isEqualTo("{\"error\":{\"code\":\"unauthenticated\",\"message\":\"invalid username: 'ghost'\"}}");
        }
    }

    @Test
    void whatCannotStartSaysWhy() throws Exception {
        try (Streamed stream =
                envd.stream("/process.Process/Start", "{\"process\":{\"cmd\":\"/bin/true\",\"cwd\":\"/nope\"}}")) {
            JsonNode error = stream.next().orElseThrow().content().path("error");
            assertThat(error.path("code").asString()).isEqualTo("invalid_argument");
            assertThat(error.path("message").asString()).isEqualTo("cwd '/nope' does not exist");
        }
        try (Streamed stream = envd.stream("/process.Process/Start", "{\"process\":{\"cmd\":\"/bin/nope\"}}")) {
            JsonNode error = stream.next().orElseThrow().content().path("error");
            assertThat(error.path("code").asString()).isEqualTo("invalid_argument");
            assertThat(error.path("message").asString()).contains("/bin/nope", "No such file");
        }
        try (Streamed stream = envd.stream("/process.Process/Start", "{}")) {
            assertThat(stream.next()
                            .orElseThrow()
                            .content()
                            .path("error")
                            .path("message")
                            .asString())
                    .isEqualTo("no program to run");
        }
    }

    @Test
    void withoutStdinItReadsNothing() throws Exception {
        try (Streamed stream = envd.shell("cat; echo done")) {
            stream.pid();
            assertThat(stream.rest().out()).isEqualTo("done\n");
        }
    }

    @Test
    void inputIsReadUntilItIsClosed() throws Exception {
        try (Streamed stream = envd.stream("/process.Process/Start", EnvdFixture.start("cat; echo done", "true"))) {
            int pid = stream.pid();
            envd.call("/process.Process/SendInput", input(pid, "stdin", "häß\n"));
            assertThat(Streamed.text(stream.event().path("data").path("stdout")))
                    .isEqualTo("häß\n");
            assertThat(envd.rpc("/process.Process/SendInput", input(pid, "pty", "x"))
                            .body())
                    .contains("tty not assigned");
            envd.call("/process.Process/CloseStdin", pid(pid));
            assertThat(stream.rest().out()).isEqualTo("done\n");
            assertThat(envd.rpc("/process.Process/SendInput", input(pid, "stdin", "x"))
                            .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void aProcessThatDoesNotReadHoldsItsWriterOnlySoLong() throws Exception {
        try (Streamed stream = envd.stream("/process.Process/Start", EnvdFixture.start("sleep 60", "true"))) {
            int pid = stream.pid();
            HttpResponse<String> response = envd.send(envd.request("/process.Process/SendInput")
                    .header("Content-Type", "application/json")
                    .header("Connect-Timeout-Ms", "300")
                    .POST(HttpRequest.BodyPublishers.ofString(input(pid, "stdin", "x".repeat(3 << 20)))));
            assertThat(response.statusCode()).isEqualTo(504);
            assertThat(response.body()).contains("deadline_exceeded", "does not read");
        }
    }

    @Test
    void aTerminalIsOneAndCanBeResized() throws Exception {
        String request = """
                {"process":{"cmd":"/bin/bash","args":["-c","tty; stty size; read a; stty size; echo got $a"],
                "envs":{"TERM":"xterm"}},"pty":{"size":{"cols":81,"rows":25}}}""";
        try (Streamed stream = envd.stream("/process.Process/Start", request)) {
            int pid = stream.pid();
            StringBuilder seen = new StringBuilder();
            while (!seen.toString().contains("25 81")) {
                seen.append(Streamed.text(stream.event().path("data").path("pty")));
            }
            assertThat(seen).contains("/dev/pts/");
            envd.call(
                    "/process.Process/Update",
                    "{\"process\":{\"pid\":" + pid + "},\"pty\":{\"size\":{\"cols\":100,\"rows\":30}}}");
            envd.call("/process.Process/SendInput", input(pid, "pty", "word\n"));
            assertThat(stream.rest().out()).contains("30 100").contains("got word");
        }
    }

    @Test
    void aKilledProcessSaysSo() throws Exception {
        try (Streamed stream = envd.shell("sleep 100 & sleep 100")) {
            int pid = stream.pid();
            assertThat(envd.call(
                                    "/process.Process/SendSignal",
                                    "{\"process\":{\"pid\":" + pid + "},\"signal\":\"SIGNAL_SIGKILL\"}")
                            .toString())
                    .isEqualTo("{}");
            assertThat(envd.call("/process.Process/List", "{}").toString()).isEqualTo("{}");
            JsonNode end = stream.rest().end();
            assertThat(end.path("exitCode").asInt()).isEqualTo(-1);
            assertThat(end.path("exited").asBoolean(false)).isFalse();
            assertThat(end.path("status").asString()).isEqualTo("signal: killed");
            assertThat(end.path("error").asString()).isEqualTo("signal: killed");
            HttpResponse<String> again =
                    envd.rpc("/process.Process/SendSignal", "{\"process\":{\"pid\":" + pid + "},\"signal\":9}");
            assertThat(again.statusCode()).isEqualTo(404);
            assertThat(again.body())
                    .isEqualTo("{\"code\":\"not_found\",\"message\":\"process with pid " + pid + " not found\"}");
        }
    }

    @Test
    void theDeadlineOfTheCallKillsWhatItStarted() throws Exception {
        try (Streamed stream = envd.shell("echo begun; sleep 100", "Connect-Timeout-Ms", "400")) {
            int pid = stream.pid();
            Output output = stream.rest();
            assertThat(output.out()).isEqualTo("begun\n");
            assertThat(output.error()).isEqualTo("deadline_exceeded");
            try (Streamed late = envd.stream(CONNECT, pid(pid))) {
                assertThat(late.pid()).isEqualTo(pid);
                assertThat(late.rest().end().path("status").asString()).isEqualTo("signal: killed");
            }
        }
    }

    @Test
    void theDeadlineOfAConnectLeavesTheProcessAlone() throws Exception {
        try (Streamed stream = envd.shell("read a < /dev/zero & sleep 100")) {
            int pid = stream.pid();
            try (Streamed other = envd.stream(CONNECT, pid(pid), "Connect-Timeout-Ms", "100")) {
                assertThat(other.pid()).isEqualTo(pid);
                assertThat(other.rest().error()).isEqualTo("deadline_exceeded");
            }
            assertThat(envd.call("/process.Process/List", "{}")
                            .path("processes")
                            .size())
                    .isEqualTo(1);
        }
    }

    @Test
    void whatIsNotThereIsNotFound() throws Exception {
        try (Streamed stream = envd.stream(CONNECT, pid(4_000_000))) {
            assertThat(stream.next().orElseThrow().content().path("error").toString())
                    .isEqualTo("{\"code\":\"not_found\",\"message\":\"process with pid 4000000 not found\"}");
        }
        assertThat(envd.rpc("/process.Process/CloseStdin", pid(4_000_000)).statusCode())
                .isEqualTo(404);
        assertThat(envd.rpc("/process.Process/CloseStdin", "{}").statusCode()).isEqualTo(400);
    }

    @Test
    void muchOutputComesWholeAndInPieces() throws Exception {
        try (Streamed stream = envd.shell("head -c 5000000 /dev/zero | tr '\\0' x; echo end >&2")) {
            stream.pid();
            Output output = stream.rest();
            assertThat(output.out()).hasSize(5_000_000);
            assertThat(output.err()).isEqualTo("end\n");
        }
    }
}
