package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Failure;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What all requests together may take. */
class RequestBoundsTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private final Sockets sockets = new Sockets();

    @AfterEach
    void close() throws Exception {
        sockets.close();
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
        HttpServer server = sockets.serve(bounds, exchange -> {
            if (exchange.rawPath().equals("/wait")) {
                in.countDown();
                go.await();
            }
            exchange.text(200, "done");
        });
        Socket one = sockets.connect(server);
        Sockets.send(one, "GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Socket two = sockets.connect(server);
        Sockets.send(two, "GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        in.await();
        assertThat(sockets.answer(server, GET + "\r\n"))
                .startsWith("HTTP/1.1 503 ")
                .contains("Connection: close");
        // The preface, empty SETTINGS, HEADERS of GET, http, / and localhost: the stream is refused.
        String frames = "\0\0\0\4\0\0\0\0\0" + "\0\0\16\1\5\0\0\0\1" + "\u0082\u0086\u0084\1\tlocalhost";
        Socket streams = sockets.connect(server);
        Sockets.send(streams, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames);
        StringBuilder got = new StringBuilder();
        while (!got.toString().endsWith("\0\0\4\3\0\0\0\0\1\0\0\0\7")) {
            int next = streams.getInputStream().read();
            assertThat(next).as("RST_STREAM of REFUSED_STREAM").isNotNegative();
            got.append((char) next);
        }
        go.countDown();
        assertThat(Sockets.rest(one)).endsWith("done");
        assertThat(Sockets.rest(two)).endsWith("done");
        String after = "";
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
                !after.startsWith("HTTP/1.1 200 ") && System.nanoTime() < end; ) {
            after = sockets.answer(server, GET + "Connection: close\r\n\r\n");
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
                2 << 20);
        CountDownLatch in = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        HttpServer server = sockets.serve(bounds, exchange -> {
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
        Sockets.send(sockets.connect(server), "POST /no HTTP/1.1\r\nHost: localhost\r\nContent-Length: 250000\r\n\r\n");
        Socket first = sockets.connect(server);
        Sockets.send(first, post("/wait", 200_000));
        in.await();
        assertThat(sockets.answer(server, post("/", 200_000)))
                .startsWith("HTTP/1.1 429 ")
                .contains("memory");
        assertThat(sockets.answer(server, post("/", 60_000))).endsWith("read 60000");
        go.countDown();
        assertThat(Sockets.rest(first)).endsWith("read 200000");
        // What a request held is given back a moment after its answer.
        String after = "";
        for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
                !after.endsWith("read 200000") && System.nanoTime() < end; ) {
            after = sockets.answer(server, post("/", 200_000));
        }
        assertThat(after).endsWith("read 200000");
    }

    private static String post(String path, int length) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + length
                + "\r\n\r\n" + "x".repeat(length);
    }
}
