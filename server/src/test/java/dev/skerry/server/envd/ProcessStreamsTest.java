package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.connect.RpcError;
import dev.skerry.server.envd.EnvdFixture.Streamed;
import dev.skerry.wire.stream.ExecRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class ProcessStreamsTest {
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
    void aProcessOutlivesItsClientAndIsConnectedToAgain() throws Exception {
        int pid;
        try (Streamed stream = envd.stream("/process.Process/Start", """
            {"process":{"cmd":"/bin/bash","args":["-c","read a; echo $a; read b; echo $b"]},"tag":"job"}\
            """)) {
            pid = stream.pid();
        }
        try (Streamed one = envd.stream(CONNECT, pid(pid));
                Streamed two = envd.stream(CONNECT, "{\"process\":{\"tag\":\"job\"}}")) {
            assertThat(one.pid()).isEqualTo(pid);
            assertThat(two.pid()).isEqualTo(pid);
            JsonNode listed =
                    envd.call("/process.Process/List", "{}").path("processes").path(0);
            assertThat(listed.path("tag").asString()).isEqualTo("job");
            assertThat(listed.path("config").path("cmd").asString()).isEqualTo("/bin/bash");
            envd.call("/process.Process/SendInput", input(pid, "stdin", "1\n2\n"));
            assertThat(one.rest().out()).isEqualTo("1\n2\n");
            assertThat(two.rest().out()).isEqualTo("1\n2\n");
        }
        try (Streamed late = envd.stream(CONNECT, pid(pid))) {
            assertThat(late.pid()).isEqualTo(pid);
            assertThat(late.rest().end().path("status").asString()).isEqualTo("exit status 0");
        }
        assertThat(envd.call("/process.Process/List", "{}").toString()).isEqualTo("{}");
    }

    @Test
    void aNewServerFindsTheProcessesOfTheOld() throws Exception {
        int pid;
        try (Streamed stream =
                envd.stream("/process.Process/Start", EnvdFixture.start("read a; echo got $a", "true"))) {
            pid = stream.pid();
            envd.service().drain();
            assertThat(stream.rest().error()).isEqualTo("unavailable");
        }
        try (Streamed refused = envd.shell("true")) {
            assertThat(refused.rest().error()).isEqualTo("unavailable");
        }
        envd.restart();
        assertThat(envd.call("/process.Process/List", "{}")
                        .path("processes")
                        .path(0)
                        .path("pid")
                        .asInt())
                .isEqualTo(pid);
        try (Streamed stream = envd.stream(CONNECT, pid(pid))) {
            assertThat(stream.pid()).isEqualTo(pid);
            envd.call("/process.Process/SendInput", input(pid, "stdin", "it\n"));
            assertThat(stream.rest().out()).isEqualTo("got it\n");
        }
        envd.restart();
        try (Streamed late = envd.stream(CONNECT, pid(pid))) {
            assertThat(late.pid()).isEqualTo(pid);
            assertThat(late.rest().end().path("status").asString()).isEqualTo("exit status 0");
        }
    }

    @Test
    void silenceIsFilledWithSignsOfLife() throws Exception {
        try (Streamed stream = envd.shell("sleep 100", "Keepalive-Ping-Interval", "1")) {
            stream.pid();
            assertThat(stream.event().has("keepalive")).isTrue();
        }
    }

    @Test
    void aSandboxThatDiesBreaksTheAnswer() throws Exception {
        try (Streamed stream = envd.shell("sleep 100")) {
            stream.pid();
            envd.guest().kill();
            assertThatThrownBy(stream::next).isInstanceOf(IOException.class);
        }
        assertThat(envd.rpc("/process.Process/List", "{}").statusCode()).isEqualTo(502);
        assertThat(envd.get("/health").statusCode()).isEqualTo(502);
    }

    @Test
    void aClientThatDoesNotReadIsCutOffAndTheProcessGoesOn() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), envd.port())) {
            socket.setReceiveBufferSize(4096);
            byte[] body = EnvdFixture.envelope(
                    0,
                    EnvdFixture.start("head -c 20000000 /dev/zero; touch ~/done; sleep 100", "false")
                            .getBytes(StandardCharsets.UTF_8));
            String head =
                    "POST /process.Process/Start HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n"
                            + "X-Access-Token: " + envd.token() + "\r\nContent-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            HttpResponse<String> there = envd.get(EnvdFixture.files("done"));
            for (int i = 0; i < 4_000 && there.statusCode() == 404; i++) {
                LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
                there = envd.get(EnvdFixture.files("done"));
            }
            assertThat(there.statusCode()).isEqualTo(200);
        }
        assertThat(envd.call("/process.Process/List", "{}").path("processes").size())
                .isEqualTo(1);
    }

    @Test
    void soManyProcessesThatNoneCouldBeEndedAreNotStarted() throws Exception {
        ProcessTable table = new ProcessTable(envd.guest().connection(), Duration.ofSeconds(1));
        RunningProcess.Origin origin = new RunningProcess.Origin(
                "sleep", List.of(), Map.of(), Optional.empty(), Optional.empty(), false, false);
        for (int i = 0; i < 512; i++) {
            table.start(ExecRequest.of("/bin/sleep", "100"), origin);
        }
        assertThatThrownBy(() -> table.start(ExecRequest.of("/bin/sleep", "100"), origin))
                .isInstanceOf(RpcError.class)
                .hasMessageContaining("512 processes");
        assertThat(envd.get(EnvdFixture.files("/proc/version")).statusCode()).isEqualTo(200);
    }

    @Test
    void aPauseBreaksTheAnswerAndLeavesTheProcess() throws Exception {
        try (Streamed stream = envd.stream("/process.Process/Start", EnvdFixture.start("read a; echo $a", "true"))) {
            int pid = stream.pid();
            envd.guest().streams().drain(Duration.ofMillis(50));
            assertThatThrownBy(stream::next).isInstanceOf(IOException.class);
            envd.guest().streams().reopen();
            try (Streamed again = envd.stream(CONNECT, pid(pid))) {
                assertThat(again.pid()).isEqualTo(pid);
                envd.call("/process.Process/SendInput", input(pid, "stdin", "on\n"));
                assertThat(again.rest().out()).isEqualTo("on\n");
            }
        }
    }

    /** By HTTP/2 a client that goes is noticed at once, although the process is silent. */
    @Test
    void overHttp2ItIsTheSame() throws Exception {
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
            HttpRequest request = envd.request("/process.Process/Start")
                    .header("Content-Type", "application/connect+json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(EnvdFixture.envelope(
                            0, EnvdFixture.start("echo hi; sleep 100", "false").getBytes(StandardCharsets.UTF_8))))
                    .build();
            client.send(envd.request("/health").build(), HttpResponse.BodyHandlers.discarding());
            Streamed stream = new Streamed(client.send(request, HttpResponse.BodyHandlers.ofInputStream()));
            assertThat(stream.response().version()).isEqualTo(HttpClient.Version.HTTP_2);
            stream.pid();
            assertThat(Streamed.text(stream.event().path("data").path("stdout")))
                    .isEqualTo("hi\n");
            assertThat(envd.guest().streams().size()).isEqualTo(1);
            stream.close();
            long until = System.nanoTime() + EnvdFixture.SOON.toNanos();
            while (envd.guest().streams().size() > 0 && System.nanoTime() < until) {
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
            }
            assertThat(envd.guest().streams().size()).isZero();
            try (Streamed other = new Streamed(client.send(request, HttpResponse.BodyHandlers.ofInputStream()))) {
                other.pid();
                other.event();
                envd.guest().kill();
                assertThatThrownBy(other::next).isInstanceOf(IOException.class);
            }
        }
    }
}
