package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What all requests together may take. */
class RequestBoundsTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    private HttpServer serve(HttpBounds bounds, Handler handler) {
        HttpServer server = HttpServer.open(List.of(new Listener("127.0.0.1", 0, Optional.empty())), handler, bounds);
        open.add(server);
        return server;
    }

    private Socket connect(HttpServer server) throws IOException {
        Socket socket =
                new Socket(InetAddress.ofLiteral("127.0.0.1"), server.ports().getFirst());
        socket.setSoTimeout(20_000);
        open.add(socket);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** All that comes; an abrupt end is an end. */
    private static String rest(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStream in = socket.getInputStream();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                text.append((char) next);
            }
        } catch (SocketException e) {
            text.append("(reset)");
        }
        return text.toString();
    }

    private String answer(HttpServer server, String request) throws IOException {
        Socket socket = connect(server);
        send(socket, request);
        return rest(socket);
    }

    @Test
    void oneAddressHasItsShareOfRequests() throws Exception {
        HttpBounds bounds = new HttpBounds(
                100,
                100,
                8000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                10,
                10,
                2,
                1 << 20);
        CountDownLatch in = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        HttpServer server = serve(bounds, exchange -> {
            if (exchange.rawPath().equals("/wait")) {
                in.countDown();
                go.await();
            }
            exchange.text(200, "done");
        });
        Socket one = connect(server);
        send(one, "GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Socket two = connect(server);
        send(two, "GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        in.await();
        assertThat(answer(server, GET + "\r\n")).startsWith("HTTP/1.1 503 ").contains("Connection: close");
        // The preface, empty SETTINGS, HEADERS of GET, http, / and localhost: the stream is refused.
        String frames = "\0\0\0\4\0\0\0\0\0" + "\0\0\16\1\5\0\0\0\1" + "\u0082\u0086\u0084\1\tlocalhost";
        Socket streams = connect(server);
        send(streams, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames);
        StringBuilder got = new StringBuilder();
        while (!got.toString().endsWith("\0\0\4\3\0\0\0\0\1\0\0\0\7")) {
            int next = streams.getInputStream().read();
            assertThat(next).as("RST_STREAM of REFUSED_STREAM").isNotNegative();
            got.append((char) next);
        }
        go.countDown();
        assertThat(rest(one)).endsWith("done");
        assertThat(rest(two)).endsWith("done");
        String after = "";
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
                !after.startsWith("HTTP/1.1 200 ") && System.nanoTime() < end; ) {
            after = answer(server, GET + "Connection: close\r\n\r\n");
        }
        assertThat(after).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void largeRequestsTogetherHoldNoMoreThanThereIsMemoryFor() throws Exception {
        HttpBounds bounds = new HttpBounds(
                100,
                100,
                8000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                10,
                10,
                10,
                1 << 20);
        CountDownLatch in = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        HttpServer server = serve(bounds, exchange -> {
            try {
                int length = exchange.body(1 << 20).length;
                if (exchange.rawPath().equals("/wait")) {
                    in.countDown();
                    go.await();
                }
                exchange.text(200, "read " + length);
            } catch (Failure e) {
                exchange.text(e.code().status(), e.getMessage());
            }
        });
        // Says much and sends nothing: holds nothing.
        send(connect(server), "POST /no HTTP/1.1\r\nHost: localhost\r\nContent-Length: 250000\r\n\r\n");
        Socket first = connect(server);
        send(first, post("/wait", 200_000));
        in.await();
        assertThat(answer(server, post("/", 200_000)))
                .startsWith("HTTP/1.1 429 ")
                .contains("memory");
        assertThat(answer(server, post("/", 60_000))).endsWith("read 60000");
        go.countDown();
        assertThat(rest(first)).endsWith("read 200000");
        // What a request held is given back a moment after its answer.
        String after = "";
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
                !after.endsWith("read 200000") && System.nanoTime() < end; ) {
            after = answer(server, post("/", 200_000));
        }
        assertThat(after).endsWith("read 200000");
    }

    private static String post(String path, int length) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + length
                + "\r\n\r\n" + "x".repeat(length);
    }
}
