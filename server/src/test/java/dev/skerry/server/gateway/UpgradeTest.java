package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Doorway.Way.class)
class UpgradeTest {
    @Parameter
    Doorway.Way way;

    private Doorway doorway;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        doorway = new Doorway(folder, way);
    }

    @AfterEach
    void close() {
        doorway.close();
    }

    @Test
    void webSocketsPassWithAndWithoutTls() throws Exception {
        try (Program program = new Program(UpgradeTest::webSocketEcho);
                HttpClient client = doorway.client()) {
            for (String base : List.of("ws://127.0.0.1:" + doorway.plain(), "wss://127.0.0.1:" + doorway.secure())) {
                BlockingQueue<String> heard = new LinkedBlockingQueue<>();
                WebSocket socket = client.newWebSocketBuilder()
                        .header("E2b-Sandbox-Id", doorway.id().text())
                        .header("E2b-Sandbox-Port", Integer.toString(program.port()))
                        .buildAsync(URI.create(base + "/chat"), new Listener(heard))
                        .get(20, TimeUnit.SECONDS);
                for (String word : List.of("one", "two", "x".repeat(100))) {
                    socket.sendText(word, true).get(20, TimeUnit.SECONDS);
                    assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(word);
                }
                assertThat(doorway.guest.streams().size()).isEqualTo(1);
                socket.abort();
                Doorway.await(() -> doorway.guest.streams().size() == 0);
            }
        }
    }

    /** Puts what it hears where a test waits. */
    private record Listener(BlockingQueue<String> heard) implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            heard.add(data.toString());
            socket.request(1);
            return java.util.concurrent.CompletableFuture.completedFuture(null);
        }
    }

    @Test
    void bytesThatComeWithTheRequestAreNotLost() throws Exception {
        try (Program program = raw();
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(asking(program.port()) + "early"));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in))
                    .startsWith("HTTP/1.1 101 ")
                    .containsIgnoringCase("Upgrade: raw\r\n")
                    .containsIgnoringCase("Connection: Upgrade\r\n");
            assertThat(in.readNBytes(5)).isEqualTo(Program.bytes("early"));
            socket.getOutputStream().write(Program.bytes("late"));
            assertThat(in.readNBytes(4)).isEqualTo(Program.bytes("late"));
            // The program hears the end of what its client says, and may still answer.
            socket.shutdownOutput();
            assertThat(in.readAllBytes()).isEqualTo(Program.bytes("bye"));
            Doorway.await(() -> doorway.guest.streams().size() == 0);
        }
    }

    @Test
    void aPauseEndsAnUpgradedConnection() throws Exception {
        try (Program program = raw();
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(asking(program.port())));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 101 ");
            doorway.guest.streams().drain(Duration.ofMillis(1));
            assertThat(doorway.guest.streams().size()).isZero();
            assertThat(ends(in)).isTrue();
        }
    }

    @Test
    void aSandboxThatDiesEndsAnUpgradedConnection() throws Exception {
        try (Program program = raw();
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(asking(program.port())));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 101 ");
            doorway.guest.kill();
            assertThat(ends(in)).isTrue();
            Doorway.await(() -> doorway.guest.streams().size() == 0);
        }
    }

    @Test
    void aClientThatGoesAwayEndsTheProgramsSide() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes("HTTP/1.1 101 Go\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n"));
            in.transferTo(OutputStream.nullOutputStream());
            over.countDown();
        })) {
            try (Socket socket = doorway.connect()) {
                socket.getOutputStream().write(Program.bytes(asking(program.port())));
                assertThat(Program.head(socket.getInputStream())).startsWith("HTTP/1.1 101 ");
            }
            assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
            Doorway.await(() -> doorway.guest.streams().size() == 0);
        }
    }

    @Test
    void aProgramMayDeclineToChange() throws Exception {
        try (Program program = Program.saying("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(asking(program.port())));
            assertThat(Program.head(socket.getInputStream())).startsWith("HTTP/1.1 426 ");
            assertThat(socket.getInputStream().readNBytes(2)).isEqualTo(Program.bytes("no"));
        }
    }

    @Test
    void connectIsNotCarried() throws Exception {
        try (Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("CONNECT " + doorway.host(3000) + " HTTP/1.1\r\nHost: " + doorway.host(3000)
                            + "\r\nConnection: close\r\n\r\n"));
            assertThat(Program.head(socket.getInputStream())).startsWith("HTTP/1.1 501 ");
        }
    }

    private static boolean ends(InputStream in) {
        try {
            return in.read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private String asking(int port) {
        return "GET / HTTP/1.1\r\nHost: " + doorway.host(port) + "\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n";
    }

    /** Says back what it hears, and "bye" at the end. */
    private static Program raw() throws IOException {
        return new Program((in, out) -> {
            String head = Program.head(in);
            assertThat(head).contains("Upgrade: raw\r\n").contains("Connection: Upgrade\r\n");
            out.write(Program.bytes("HTTP/1.1 101 Go\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n"));
            for (int next = in.read(); next >= 0; next = in.read()) {
                out.write(next);
            }
            out.write(Program.bytes("bye"));
        });
    }

    /** A server of RFC 6455 for short texts. */
    private static void webSocketEcho(InputStream in, OutputStream out) throws IOException {
        String head = Program.head(in);
        String key = head.lines()
                .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("sec-websocket-key: "))
                .findFirst()
                .orElseThrow()
                .substring(19);
        out.write(Program.bytes("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + accept(key) + "\r\n\r\n"));
        while (true) {
            byte[] start = in.readNBytes(6);
            if (start.length < 6 || (start[0] & 15) == 8) {
                return;
            }
            byte[] text = in.readNBytes(start[1] & 127);
            for (int i = 0; i < text.length; i++) {
                text[i] ^= start[2 + i % 4];
            }
            out.write(new byte[] {(byte) 0x81, (byte) text.length});
            out.write(text);
        }
    }

    private static String accept(String key) {
        try {
            byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
