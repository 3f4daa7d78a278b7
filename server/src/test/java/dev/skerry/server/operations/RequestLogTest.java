package dev.skerry.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Handler;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.tenants.TenantId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RequestLogTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String KEY = "e2b_" + "ab".repeat(20);

    private final Queue<String> records = new ConcurrentLinkedQueue<>();
    private final Logger logger = Logger.getLogger(RequestLog.class.getName());
    private final java.util.logging.Handler recorder = new java.util.logging.Handler() {
        @Override
        public void publish(LogRecord record) {
            records.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(recorder);
    }

    @AfterEach
    void leave() {
        logger.removeHandler(recorder);
    }

    private void ask(Handler handler, String path, String... headers) throws InterruptedException {
        try (HttpServer server = HttpServer.open(
                        List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0"))),
                        new RequestLog(handler, new ServerMetrics()));
                HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            HttpRequest.Builder request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + server.ports().getFirst() + path))
                    .timeout(SOON);
            if (headers.length > 0) {
                request.headers(headers);
            }
            int status = client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            assertThat(status).isEqualTo(200);
        } catch (IOException e) {
            assertThat(path).as("only a broken answer may fail: " + e).isEqualTo("/broken");
        }
        long deadline = System.nanoTime() + SOON.toNanos();
        while (records.isEmpty()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }

    @Test
    void neitherKeysNorSignaturesAreWrittenDown() throws Exception {
        ask(
                exchange -> exchange.text(200, "x"),
                "/files/" + KEY + "?signature=v1_secret&token=secret",
                "X-API-Key",
                KEY,
                "Authorization",
                "Bearer " + KEY,
                "X-Access-Token",
                "secret");
        assertThat(records).hasSize(1);
        assertThat(records.peek())
                .contains("method=GET", "path=/files/e2b_…", "status=200", "tenant=-")
                .containsPattern("request=[0-9a-f]{16} ")
                .containsPattern("millis=[0-9]+ ")
                .doesNotContain("secret", KEY, "signature");
    }

    @Test
    void aBrokenAnswerIsRecordedAsThat() throws Exception {
        ask(
                exchange -> {
                    exchange.stream(200, "text/plain").write(1);
                    throw new IOException("the sandbox ended");
                },
                "/broken");
        assertThat(records.peek()).endsWith("broken off");
    }

    @Test
    void theTenantIsNamed() throws Exception {
        ask(
                exchange -> {
                    RequestFacts.tenant(exchange, TenantId.DEFAULT);
                    exchange.text(200, "x");
                },
                "/a");
        assertThat(records.peek()).contains("tenant=default");
    }

    /** A path of HTTP/2 may have blanks, and ours may look like fields then. */
    @Test
    void aBlankInAPathBeginsNoFurtherField() throws Exception {
        Handler logged = new RequestLog(exchange -> exchange.text(200, "x"), new ServerMetrics());
        List<Listener> listeners = List.of(Listener.plain(Listener.Address.parse("127.0.0.1:0")));
        try (HttpServer server = HttpServer.open(listeners, logged);
                Socket socket = new Socket(
                        InetAddress.ofLiteral("127.0.0.1"), server.ports().getFirst())) {
            // Preface, empty SETTINGS, and HEADERS of GET, http, a path, localhost.
            byte[] path = "/x tenant=root level=error y".getBytes(StandardCharsets.US_ASCII);
            byte[] host = "localhost".getBytes(StandardCharsets.US_ASCII);
            ByteArrayOutputStream sent = new ByteArrayOutputStream();
            sent.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            sent.writeBytes(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
            sent.writeBytes(new byte[] {0, 0, (byte) (6 + path.length + host.length), 1, 5, 0, 0, 0, 1});
            sent.writeBytes(new byte[] {(byte) 0x82, (byte) 0x86, 4, (byte) path.length});
            sent.writeBytes(path);
            sent.writeBytes(new byte[] {1, (byte) host.length});
            sent.writeBytes(host);
            socket.getOutputStream().write(sent.toByteArray());
            long deadline = System.nanoTime() + SOON.toNanos();
            while (records.isEmpty()) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
            }
        }
        assertThat(records.peek()).contains("path=/x%20tenant=root%20level=error%20y status=200 ");
    }
}
