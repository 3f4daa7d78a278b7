package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpServerTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private final Sockets sockets = new Sockets();

    @AfterEach
    void close() throws Exception {
        sockets.close();
    }

    @Test
    void theLoopbackIsBothOfThem() throws Exception {
        HttpServer server = sockets.serve(exchange -> exchange.text(200, exchange.remote()));
        try (Socket socket =
                new Socket(InetAddress.ofLiteral("::1"), server.ports().getFirst())) {
            Sockets.send(socket, GET + "Connection: close\r\n\r\n");
            assertThat(Sockets.rest(socket)).startsWith("HTTP/1.1 200 ").containsPattern("(0:0:0:0:0:0:0:1|::1)");
        }
        assertThat(server.ports()).hasSize(1);
    }

    @Test
    void aSecondLoopbackThatIsTakenIsNoError() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
            Listener listener = new Listener("127.0.0.1", taken.getLocalPort(), Optional.empty());
            HttpServer server = HttpServer.open(List.of(listener), exchange -> exchange.empty(204));
            sockets.closing(server);
            assertThat(sockets.answer(server, GET + "Connection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 204 ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                "Content-Length: +3\r\n\r\nabc",
                "Content-Length: 3x\r\n\r\nabc",
                "Content-Length: -1\r\n\r\n",
                "Transfer-Encoding: gzip\r\n\r\n",
                "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "Host: other\r\n\r\n",
                "A: b\r\n c\r\n\r\n",
                "A\r\n\r\n",
                ": b\r\n\r\n",
                "A: b\0c\r\n\r\n"
            })
    void whatTwoServersMightReadDifferentlyIsRefused(String lines) throws Exception {
        List<String> seen = new ArrayList<>();
        HttpServer server = sockets.serve(exchange -> {
            seen.add(exchange.method());
            exchange.empty(204);
        });
        assertThat(sockets.answer(server, "POST / HTTP/1.1\r\nHost: localhost\r\n" + lines))
                .matches("(?s)HTTP/1\\.1 (400|501) .*")
                .contains("\"code\":")
                .doesNotContainIgnoringCase("jetty");
        assertThat(seen).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\r\n", "-1\r\n", "5\r\nabcdefg\r\n0\r\n\r\n", "ffffffffffffffffffff\r\n", "\r\n"})
    void aBadChunkEndsTheRequestAndTheConnection(String chunks) throws Exception {
        BlockingQueue<String> read = new LinkedBlockingQueue<>();
        HttpServer server = sockets.serve(exchange -> {
            try {
                read.add(new String(exchange.body(1000), StandardCharsets.US_ASCII));
            } catch (IOException e) {
                read.add("(broken)");
                throw e;
            }
            exchange.empty(204);
        });
        String got = sockets.answer(
                server, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        assertThat(got).doesNotContain("HTTP/1.1 204");
        assertThat(read.poll(20, TimeUnit.SECONDS)).isEqualTo("(broken)");
    }

    @Test
    void aHeaderThatIsTooLongIsRefused() throws Exception {
        HttpServer server = sockets.serve(exchange -> exchange.empty(204));
        assertThat(sockets.answer(server, GET + "A: " + "x".repeat(40_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
        assertThat(sockets.answer(server, "GET /" + "x".repeat(40_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 414 ");
    }

    @Test
    void aHeaderThatDoesNotEndIsNotWaitedForForever() throws Exception {
        HttpBounds bounds = new HttpBounds(
                100,
                100,
                8000,
                Duration.ofMillis(300),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                10,
                10,
                10,
                1 << 20);
        HttpServer server = sockets.serve(bounds, exchange -> exchange.empty(204));
        Socket socket = sockets.connect(server);
        Sockets.send(socket, GET + "A: ");
        boolean closed = false;
        long end = System.nanoTime() + Duration.ofSeconds(8).toNanos();
        while (!closed && System.nanoTime() < end) {
            LockSupport.parkNanos(50_000_000);
            try {
                Sockets.send(socket, "x");
                closed = socket.getInputStream().available() > 0;
            } catch (SocketException e) {
                closed = true;
            }
        }
        assertThat(closed).isTrue();
    }

    @Test
    void oneAddressHasItsShareOfConnections() throws Exception {
        HttpBounds bounds = new HttpBounds(
                100,
                3,
                8000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                10,
                10,
                10,
                1 << 20);
        HttpServer server = sockets.serve(bounds, exchange -> exchange.empty(204));
        List<Socket> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Socket socket = sockets.connect(server);
            Sockets.send(socket, GET + "\r\n");
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            first.add(socket);
        }
        assertThat(sockets.answer(server, "")).isIn("", "(reset)");
        first.getFirst().close();
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        String got = "";
        while (!got.startsWith("HTTP/1.1 204") && System.nanoTime() < end) {
            try {
                got = sockets.answer(server, GET + "Connection: close\r\n\r\n");
            } catch (SocketException e) {
                // Not yet.
            }
        }
        assertThat(got).startsWith("HTTP/1.1 204");
    }

    @Test
    void anInterruptForOneRequestReachesNoOther() throws Exception {
        BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
        HttpServer server = sockets.serve(exchange -> {
            if (exchange.rawPath().equals("/wait")) {
                threads.add(Thread.currentThread());
                new CountDownLatch(1).await();
            }
            exchange.text(200, "interrupted: " + Thread.interrupted());
        });
        Socket socket = sockets.connect(server);
        Sockets.send(socket, "GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Thread waiting = threads.take();
        waiting.interrupt();
        waiting.join();
        Sockets.send(socket, GET + "Connection: close\r\n\r\n");
        assertThat(Sockets.rest(socket)).startsWith("HTTP/1.1 503 ").endsWith("interrupted: false");
    }

    @Test
    void whoFailsBeforeTheAnswerGivesAnErrorWithoutWords() throws Exception {
        HttpServer server = sockets.serve(exchange -> {
            throw new IllegalStateException("inner words");
        });
        assertThat(sockets.answer(server, GET + "Connection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 500 ")
                .contains("\"code\":500")
                .doesNotContain("inner words")
                .doesNotContainIgnoringCase("jetty");
    }

    @Test
    void whoFailsWithinTheAnswerBreaksTheConnection() throws Exception {
        HttpServer server = sockets.serve(exchange -> {
            exchange.stream(200, "text/plain").write('x');
            throw new IOException("gone");
        });
        assertThat(sockets.answer(server, GET + "\r\n"))
                .startsWith("HTTP/1.1 200 ")
                .contains("x")
                .doesNotContain("0\r\n\r\n")
                .doesNotContain("HTTP/1.1 500");
    }

    @Test
    void aClientThatStillSendsGetsItsAnswerAndKeepsItsConnection() throws Exception {
        HttpServer server = sockets.serve(exchange -> exchange.text(401, "no"));
        Socket socket = sockets.connect(server);
        byte[] content = new byte[10 << 20];
        Sockets.send(socket, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + content.length + "\r\n\r\n");
        socket.getOutputStream().write(content);
        Sockets.send(socket, GET + "Connection: close\r\n\r\n");
        assertThat(Sockets.rest(socket)).matches("(?s)HTTP/1\\.1 401 .*HTTP/1\\.1 401 .*");
    }

    @Test
    void contentThatWasNotAskedForIsNotWaitedFor() throws Exception {
        HttpServer server = sockets.serve(exchange -> exchange.text(401, "no"));
        Socket socket = sockets.connect(server);
        long begin = System.nanoTime();
        Sockets.send(socket, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        assertThat(Sockets.rest(socket)).startsWith("HTTP/1.1 401 ");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
    }

    @Test
    void aRequestMayBeQuietForLongerThanAnIdleConnection() throws Exception {
        HttpBounds bounds = new HttpBounds(
                100,
                100,
                8000,
                Duration.ofSeconds(5),
                Duration.ofMillis(300),
                Duration.ofSeconds(30),
                10,
                10,
                10,
                1 << 20);
        HttpServer server = sockets.serve(bounds, exchange -> {
            if (exchange.header("Upgrade").orElse("").equals("raw")) {
                exchange.set("Upgrade", "raw").set("Connection", "Upgrade");
                Tunnel tunnel = exchange.upgrade();
                try (tunnel) {
                    tunnel.input().transferTo(tunnel.output());
                }
                return;
            }
            OutputStream out = exchange.stream(200, "text/plain");
            out.write('a');
            pause();
            out.write('b');
            out.close();
        });
        assertThat(sockets.answer(server, GET + "Connection: close\r\n\r\n"))
                .contains("a")
                .contains("b");
        Socket socket = sockets.connect(server);
        Sockets.send(socket, GET + "Upgrade: raw\r\nConnection: Upgrade\r\n\r\n");
        while (socket.getInputStream().read() != '\n' || socket.getInputStream().read() != '\r') {
            // To the end of the head.
        }
        assertThat(socket.getInputStream().read()).isEqualTo('\n');
        pause();
        Sockets.send(socket, "x");
        assertThat(socket.getInputStream().read()).isEqualTo('x');
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> got = client.send(
                    HttpRequest.newBuilder(URI.create(
                                    "http://127.0.0.1:" + server.ports().getFirst() + "/"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(got.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(got.body()).isEqualTo("ab");
        }
        // And a connection without a request is not kept.
        Socket idle = sockets.connect(server);
        assertThat(Sockets.rest(idle)).isIn("", "(reset)");
    }

    /** Time has to pass: it is what is tested. */
    private static void pause() {
        long end = System.nanoTime() + Duration.ofMillis(1200).toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    @Test
    void drainingWaitsForWhatIsUnderWayAndThenInterruptsIt() throws Exception {
        CountDownLatch in = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        HttpServer server = sockets.serve(exchange -> {
            in.countDown();
            if (exchange.rawPath().equals("/quick")) {
                go.await();
                exchange.text(200, "done");
            } else {
                new CountDownLatch(1).await();
            }
        });
        Socket quick = sockets.connect(server);
        Sockets.send(quick, "GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Socket stuck = sockets.connect(server);
        Sockets.send(stuck, "GET /stuck HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        in.await();
        assertThat(server.requests()).isEqualTo(2);
        go.countDown();
        server.drain(Duration.ofMillis(500));
        assertThat(server.requests()).isZero();
        assertThat(Sockets.rest(stuck)).startsWith("HTTP/1.1 503 ");
        assertThatThrownBy(() -> sockets.connect(server)).isInstanceOf(IOException.class);
        server.close();
        assertThat(Sockets.rest(quick)).endsWith("done");
    }
}
