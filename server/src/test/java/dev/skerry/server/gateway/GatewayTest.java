package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.envd.EnvdService;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GatewayTest {
    private static final String STRANGER = "0123456789abcdefghijklmno";
    private static final SandboxState PAUSED =
            new SandboxState.Paused(new HostId("local"), Isolation.CONTAINER, PauseKind.MEMORY, Instant.EPOCH);
    private static final int SERVICE = 49_999;

    @TempDir
    private Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();

    private Doorway doorway(GatewayBounds bounds, SandboxService service) throws IOException {
        Doorway doorway = new Doorway(folder, bounds, Map.of(SERVICE, service, Gateway.ENVD_PORT, service));
        open.add(doorway);
        return doorway;
    }

    private Doorway doorway() throws IOException {
        return doorway(
                GatewayBounds.DEFAULT,
                (exchange, sandbox) ->
                        exchange.text(200, "service of " + sandbox.sandbox().id()));
    }

    private Program program(Program.Behaviour behaviour) throws IOException {
        Program program = new Program(behaviour);
        open.add(program);
        return program;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    private static String goneFor(String id) {
        return "{\"sandboxId\":\"" + id + "\",\"message\":\"The sandbox was not found\",\"code\":502}";
    }

    @Test
    void theApiAndPortsAreToldApart() throws Exception {
        Doorway doorway = doorway();
        assertThat(doorway.raw("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .endsWith("the API");
        assertThat(doorway.raw("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 421 ")
                .contains("\"code\":421");
        assertThat(doorway.raw("GET / HTTP/1.1\r\nHost: localhost\r\nE2b-Sandbox-Id: " + doorway.id()
                        + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .contains("missing header");
        assertThat(doorway.get(SERVICE, "/", "")).endsWith("service of " + doorway.id());
        assertThat(doorway.raw("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nE2b-Sandbox-Id: " + doorway.id()
                        + "\r\nE2b-Sandbox-Port: " + SERVICE + "\r\nConnection: close\r\n\r\n"))
                .endsWith("service of " + doorway.id());
    }

    @Test
    void unknownAndPausedSandboxesAreGone() throws Exception {
        Doorway doorway = doorway();
        for (int port : List.of(3000, SERVICE, Gateway.ENVD_PORT)) {
            String got = doorway.raw("GET /health HTTP/1.1\r\nHost: " + port + "-" + STRANGER
                    + ".sbx.localhost\r\nConnection: close\r\n\r\n");
            assertThat(got)
                    .startsWith("HTTP/1.1 502 ")
                    .contains("application/json")
                    .endsWith(goneFor(STRANGER));
        }
        doorway.becomes(PAUSED);
        assertThat(doorway.get(3000, "/", "")).endsWith(goneFor(doorway.id().text()));
    }

    @Test
    void idsOfOtherServersAreUnknownHere() throws Exception {
        Doorway doorway = doorway();
        for (String where : List.of(
                "Host: 49983-izq1k2hn5yzw.sbx.localhost",
                "Host: 127.0.0.1\r\nE2b-Sandbox-Id: izq1k2hn5yzw\r\nE2b-Sandbox-Port: 49983")) {
            assertThat(doorway.raw("GET /health HTTP/1.1\r\n" + where + "\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 502 ")
                    .contains("application/json")
                    .endsWith(goneFor("izq1k2hn5yzw"));
        }
        assertThat(doorway.raw("GET / HTTP/1.1\r\nHost: 65536-izq1k2hn5yzw.sbx.localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    @Test
    void whetherASandboxRunsIsAnsweredWithoutWakingIt() throws Exception {
        Doorway doorway = doorway();
        assertThat(doorway.get(Gateway.ENVD_PORT, "/health", "")).startsWith("HTTP/1.1 204 ");
        doorway.becomes(PAUSED);
        assertThat(doorway.get(Gateway.ENVD_PORT, "/health", ""))
                .endsWith(goneFor(doorway.id().text()));
        assertThat(doorway.reached).hasValue(0);
    }

    @Test
    void whoMayNotEnterWakesNothing() throws Exception {
        SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
        Doorway doorway = doorway(GatewayBounds.DEFAULT, new EnvdService(tokens, InstantSource.system()));
        doorway.becomes(PAUSED);
        String token = "X-Access-Token: " + tokens.token(Purpose.ENVD, doorway.id());
        for (String path : List.of("/files?path=x", "/files?path=x&signature=v1_x", "/metrics", "/envs", "/init")) {
            assertThat(doorway.get(Gateway.ENVD_PORT, path, "")).as(path).startsWith("HTTP/1.1 401 ");
            assertThat(doorway.get(Gateway.ENVD_PORT, path, token + "x\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 401 ");
        }
        assertThat(doorway.reached).hasValue(0);
        assertThat(doorway.get(Gateway.ENVD_PORT, "/metrics", token + "\r\n")).startsWith("HTTP/1.1 502 ");
        assertThat(doorway.reached).hasValue(1);
        assertThat(doorway.get(Gateway.ENVD_PORT, "/files?path=x", token + "\r\n"))
                .startsWith("HTTP/1.1 502 ");
        assertThat(doorway.reached).hasValue(2);
    }

    @Test
    void portsThatAreNotPublicNeedTheToken() throws Exception {
        Doorway doorway = doorway();
        doorway.closePorts();
        String token = doorway.tokens.token(Purpose.TRAFFIC, doorway.id());
        for (String lines : List.of(
                "",
                "E2b-Traffic-Access-Token:\r\n",
                "E2b-Traffic-Access-Token: " + token.substring(1) + "\r\n",
                "E2b-Traffic-Access-Token: " + doorway.tokens.token(Purpose.ENVD, doorway.id()) + "\r\n",
                "Authorization: " + token + "\r\n")) {
            assertThat(doorway.get(SERVICE, "/", lines)).as(lines).startsWith("HTTP/1.1 403 ");
        }
        assertThat(doorway.reached).hasValue(0);
        assertThat(doorway.get(SERVICE, "/", "e2b-traffic-access-TOKEN: " + token + "\r\n"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(doorway.get(Gateway.ENVD_PORT, "/x", "")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void somebodyWhoLooksGetsAPage() throws Exception {
        Doorway doorway = doorway();
        String looking = "Accept: text/html,*/*\r\nSec-Fetch-Mode: navigate\r\n";
        assertThat(doorway.get(1, "/", looking))
                .startsWith("HTTP/1.1 502 ")
                .contains("text/html", "port is not open", "<code>" + doorway.id() + ", port 1</code>");
        assertThat(doorway.get(1, "/", "Accept: text/html\r\n")).contains("application/json");
        assertThat(doorway.get(1, "/", "Accept: text/html\r\nSec-Fetch-Mode: cors\r\n"))
                .contains("application/json");
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void whatAServiceLeavesUnansweredTheGatewayAnswers(ErrorCode code) throws Exception {
        Doorway doorway = doorway(GatewayBounds.DEFAULT, (exchange, sandbox) -> {
            throw new Failure(code, "words");
        });
        int status = code == ErrorCode.NOT_FOUND ? 502 : code.status();
        assertThat(doorway.get(SERVICE, "/", ""))
                .startsWith("HTTP/1.1 " + status + " ")
                .contains("\"code\":" + status);
    }

    @Test
    void aMistakeOfOursIsAnsweredWithoutItsWords() throws Exception {
        Doorway doorway = doorway(GatewayBounds.DEFAULT, (exchange, sandbox) -> {
            throw new IllegalStateException("inner words");
        });
        assertThat(doorway.get(SERVICE, "/", "")).startsWith("HTTP/1.1 500 ").doesNotContain("inner words");
    }

    @Test
    void noMoreThanABoundIsUnderWayAtATime() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch in = new CountDownLatch(2);
        GatewayBounds bounds = new GatewayBounds(2, 100, Duration.ofSeconds(5), 1000, 1, 1, Duration.ofSeconds(1));
        Doorway doorway = doorway(bounds, (exchange, sandbox) -> {
            in.countDown();
            go.await();
            exchange.empty(200);
        });
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    doorway.get(SERVICE, "/", "");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        in.await();
        assertThat(doorway.get(SERVICE, "/", "")).startsWith("HTTP/1.1 429 ").contains("\"code\":429");
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        Doorway.await(() -> doorway.guest.streams().size() == 0);
        assertThat(doorway.get(SERVICE, "/", "")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aProgramThatDoesNotAnswerInTimeIsGivenUp() throws Exception {
        CountDownLatch letGo = new CountDownLatch(1);
        Program program = program((in, out) -> {
            Program.head(in);
            in.read();
            letGo.countDown();
        });
        GatewayBounds bounds = new GatewayBounds(9, 9, Duration.ofMillis(200), 1000, 1, 1, Duration.ofSeconds(1));
        Doorway doorway = doorway(bounds, (exchange, sandbox) -> exchange.empty(200));
        assertThat(doorway.get(program.port(), "/", ""))
                .startsWith("HTTP/1.1 504 ")
                .contains("\"code\":504");
        letGo.await();
    }

    @Test
    void aSandboxThatIsPausedInterruptsWhatIsUnanswered() throws Exception {
        Program program = program((in, out) -> in.transferTo(OutputStream.nullOutputStream()));
        Doorway doorway = doorway();
        try (Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                            + "\r\nConnection: close\r\n\r\n"));
            Doorway.await(() -> doorway.guest.streams().size() == 1);
            doorway.becomes(PAUSED);
            doorway.guest.streams().drain(Duration.ZERO);
            assertThat(doorway.guest.streams().size()).isZero();
            assertThat(new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 502 ")
                    .endsWith(goneFor(doorway.id().text()));
        }
    }

    @Test
    void nobodyEntersASandboxThatIsBeingPaused() throws Exception {
        Doorway doorway = doorway();
        doorway.guest.streams().drain(Duration.ZERO);
        assertThat(doorway.get(SERVICE, "/", "")).endsWith(goneFor(doorway.id().text()));
        doorway.guest.streams().reopen();
        assertThat(doorway.get(SERVICE, "/", "")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aSandboxThatDiesUnderAnAnswerBreaksTheConnection() throws Exception {
        Program program = program(GatewayTest::forever);
        Doorway doorway = doorway();
        try (Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port()) + "\r\n\r\n"));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 200 ");
            doorway.guest.kill();
            String rest = "";
            try {
                rest = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
            } catch (java.net.SocketException e) {
                // Abruptly, then.
            }
            assertThat(rest).doesNotContain("\r\n0\r\n");
        }
    }

    @Test
    void aSandboxThatDiesUnderAnAnswerResetsTheStreamOfHttp2() throws Exception {
        Program program = program(GatewayTest::forever);
        Doorway doorway = doorway();
        try (HttpClient client = doorway.client()) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<HttpResponse<Void>> broken = client.sendAsync(
                    request(doorway, program.port()).build(), HttpResponse.BodyHandlers.ofByteArrayConsumer(bytes -> {
                        if (bytes.isPresent()) {
                            begun.countDown();
                        }
                    }));
            begun.await();
            doorway.guest.kill();
            assertThatThrownBy(() -> broken.get(20, TimeUnit.SECONDS))
                    .rootCause()
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("RST_STREAM")
                    .hasMessageContaining("Internal error");
            // The connection lives on for others.
            HttpResponse<String> other =
                    client.send(request(doorway, SERVICE).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(other.statusCode()).isEqualTo(200);
        }
    }

    private static void forever(InputStream in, OutputStream out) throws IOException {
        Program.head(in);
        out.write(Program.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
        in.transferTo(OutputStream.nullOutputStream());
    }

    private static HttpRequest.Builder request(Doorway doorway, int port) {
        return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + doorway.secure() + "/"))
                .header("E2b-Sandbox-Id", doorway.id().text())
                .header("E2b-Sandbox-Port", Integer.toString(port));
    }

    @Test
    void http2ReachesProgramsThatSpeakHttp1() throws Exception {
        Program program = program((in, out) -> {
            String head = Program.head(in);
            out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head));
        });
        Doorway doorway = doorway();
        try (HttpClient client = doorway.client()) {
            HttpResponse<String> got = client.send(
                    request(doorway, program.port()).header("X-A", "b").build(), HttpResponse.BodyHandlers.ofString());
            assertThat(got.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(got.body())
                    .startsWith("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + doorway.secure() + "\r\n")
                    .containsIgnoringCase("X-A: b\r\n")
                    .contains("X-Forwarded-Proto: https\r\n")
                    .doesNotContainIgnoringCase("e2b-")
                    .doesNotContain("Transfer-Encoding", "Content-Length", ":authority");
        }
    }
}
