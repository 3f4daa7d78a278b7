package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frames as bytes, right and wrong, against a server that says everything again. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class WebSocketTest {
    private static final int MOST = 70_000;
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final byte[] MASK = {1, 2, 3, 4};

    private HttpServer server;

    @BeforeEach
    void open() {
        server = HttpServer.open(List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0"))), WebSocketTest::echo);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static void echo(Exchange exchange) throws IOException, InterruptedException {
        if (!WebSocket.isAsked(exchange)) {
            exchange.empty(404);
            return;
        }
        try (WebSocket socket = WebSocket.open(exchange, MOST)) {
            for (Optional<String> text = socket.receive(); text.isPresent(); text = socket.receive()) {
                socket.send(text.get());
            }
        } catch (Failure e) {
            exchange.json(400, Map.of("message", String.valueOf(e.getMessage())));
        }
    }

    private record Connection(Socket socket, DataInputStream in) implements AutoCloseable {
        void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        /** Opcode and payload as hexadecimal digits; empty at the end. */
        String frame() throws IOException {
            int first = in.read();
            if (first < 0) {
                return "";
            }
            long length = in.readUnsignedByte();
            length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            return HexFormat.of().toHexDigits((byte) first) + " "
                    + HexFormat.of().formatHex(in.readNBytes((int) length));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private Connection connect(String... headers) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.ports().getFirst());
        socket.setSoTimeout(15_000);
        socket.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: x\r\n" + String.join("\r\n", headers) + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return new Connection(socket, new DataInputStream(socket.getInputStream()));
    }

    private static String head(Connection connection) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int one = connection.in().read();
            if (one < 0) {
                break;
            }
            head.append((char) one);
        }
        return head.toString();
    }

    private Connection opened() throws IOException {
        Connection connection = connect(
                "Upgrade: WebSocket",
                "Connection: keep-alive, Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: " + KEY);
        // RFC 6455, 1.3.
        assertThat(head(connection))
                .startsWith("HTTP/1.1 101 ")
                .containsIgnoringCase("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
                .containsIgnoringCase("Upgrade: websocket\r\n");
        return connection;
    }

    private static byte[] masked(int first, byte[] payload) {
        var out = new ByteArrayOutputStream();
        out.write(first);
        if (payload.length < 126) {
            out.write(0x80 | payload.length);
        } else if (payload.length < 1 << 16) {
            out.write(0x80 | 126);
            out.write(payload.length >> 8);
            out.write(payload.length);
        } else {
            out.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) payload.length >> shift));
            }
        }
        out.writeBytes(MASK);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ MASK[i % 4]);
        }
        return out.toByteArray();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void messagesOfEveryLengthComeBack() throws Exception {
        try (Connection connection = opened()) {
            for (int length : new int[] {0, 1, 125, 126, 127, 65_535, 65_536, MOST}) {
                String text = "a".repeat(length);
                connection.send(masked(0x81, text.getBytes(StandardCharsets.UTF_8)));
                assertThat(connection.frame()).as("%d", length).isEqualTo("81 " + hex(text));
            }
        }
    }

    @Test
    void fragmentsAreOneMessageAndPingsComeBetween() throws Exception {
        try (Connection connection = opened()) {
            byte[] umlaut = "ü".getBytes(StandardCharsets.UTF_8);
            connection.send(masked(0x01, new byte[] {'a', umlaut[0]}));
            connection.send(masked(0x89, new byte[] {7}));
            connection.send(masked(0x00, new byte[] {umlaut[1]}));
            connection.send(masked(0x8A, new byte[] {8}));
            connection.send(masked(0x80, new byte[] {'b'}));
            assertThat(connection.frame()).isEqualTo("8a 07");
            assertThat(connection.frame()).isEqualTo("81 " + hex("aüb"));
            connection.send(masked(0x82, umlaut));
            assertThat(connection.frame()).isEqualTo("81 " + hex("ü"));
        }
    }

    /** What is sent in hexadecimal digits with a mask of zeros, and with which code the server closes. */
    @ParameterizedTest
    @CsvSource({
        "a frame without a mask, 81 01 61, 1002",
        "a bit of an extension, c1 80 00000000, 1002",
        "an opcode that there is not, 83 80 00000000, 1002",
        "a control opcode that there is not, 8b 80 00000000, 1002",
        "a fragment of nothing, 80 80 00000000, 1002",
        "a message within another, 01 80 00000000 81 80 00000000, 1002",
        "a ping in fragments, 09 80 00000000, 1002",
        "a ping of 126 bytes, 89 fe 007e 00000000, 1002",
        "a short length written long, 81 fe 0001 00000000 61, 1002",
        "a medium length written longer, 81 ff 000000000000ffff 00000000, 1002",
        "a negative length, 81 ff 8000000000000000 00000000, 1002",
        "a message that is too long, 81 ff 0000000000011171 00000000, 1009",
        "a message that is too long in fragments, 01 81 00000000 61 80 ff 0000000000011170 00000000, 1009",
        "no UTF-8, 81 81 00000000 ff, 1007",
        "a surrogate in UTF-8, 81 83 00000000 eda080, 1007",
        "half a code, 88 81 00000000 03, 1002",
        "a code that is not for frames, 88 82 00000000 03ed, 1002",
        "a reserved code, 88 82 00000000 0bb7, 1002",
        "a reason that is no UTF-8, 88 83 00000000 03e8ff, 1007",
    })
    void whoBreaksTheProtocolIsTold(String what, String sent, int code) throws Exception {
        try (Connection connection = opened()) {
            connection.send(bytes(sent));
            assertThat(connection.frame()).as(what).startsWith("88 " + "%04x".formatted(code));
            assertThat(connection.frame()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"88 80 00000000, '88 '", "88 82 00000000 03e8, 88 03e8", "88 84 00000000 0fa06869, 88 0fa0"})
    void aCloseIsAnswered(String sent, String answer) throws Exception {
        try (Connection connection = opened()) {
            connection.send(bytes(sent));
            assertThat(connection.frame()).isEqualTo(answer);
            assertThat(connection.frame()).isEmpty();
        }
    }

    @Test
    void aClientThatGoesInTheMiddleOfAFrameLeavesNothing() throws Exception {
        for (String part : List.of("", "81", "81 85", "81 85 00000000 61", "01 81 00000000 61")) {
            try (Connection connection = opened()) {
                connection.send(bytes(part));
            }
        }
        Eventually.holds(() -> server.requests() == 0);
    }

    @Test
    void aHandshakeThatIsWrongIsRefused() throws Exception {
        String version = "Sec-WebSocket-Version: 13";
        String[][] wrong = {
            {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + KEY},
            {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: " + KEY},
            {"Upgrade: websocket", "Connection: Upgrade", version},
            {"Upgrade: websocket", "Connection: Upgrade", version, "Sec-WebSocket-Key: c2hvcnQ="},
            {"Upgrade: websocket", "Connection: Upgrade", version, "Sec-WebSocket-Key: !"},
        };
        for (String[] headers : wrong) {
            try (Connection connection = connect(headers)) {
                assertThat(head(connection)).startsWith("HTTP/1.1 400 ");
            }
        }
        try (Connection connection = connect("Upgrade: other", "Connection: Upgrade", "Sec-WebSocket-Key: " + KEY)) {
            assertThat(head(connection)).startsWith("HTTP/1.1 404 ");
        }
    }
}
