package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
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
class ProxyTest {
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
    void theProgramGetsTheRequestAndNothingThatIsNotForIt() throws Exception {
        try (Program program = Program.echo()) {
            String answer = doorway.get(
                    program.port(),
                    "/a%2Fb/../c;d?e=f%20g&h",
                    lines(
                            "Accept: x/y",
                            "Cookie: a=b",
                            "Authorization: Basic eDp5",
                            "TE: trailers",
                            "Keep-Alive: 5",
                            "Proxy-Authorization: secret",
                            "X-Skerry-User: root",
                            "E2b-Sandbox-Id: 1",
                            "E2B-Traffic-Access-Token: secret",
                            "X-Forwarded-For: 6.6.6.6",
                            "Forwarded: for=6.6.6.6",
                            "X-Forwarded-Proto: https",
                            "X-Real-IP: 6.6.6.6",
                            "X-Forwarded-Secret: 1"));
            assertThat(answer).startsWith("HTTP/1.1 200 ");
            String head = program.heads().remove();
            assertThat(head)
                    .startsWith("GET /a%2Fb/../c;d?e=f%20g&h HTTP/1.1\r\nHost: " + doorway.host(program.port()));
            assertThat(head)
                    .contains("\r\nAccept: x/y\r\n", "\r\nCookie: a=b\r\n", "\r\nAuthorization: Basic eDp5\r\n")
                    .contains("\r\nX-Forwarded-For: 127.0.0.1\r\n", "\r\nX-Forwarded-Proto: http\r\n")
                    .contains("\r\nX-Forwarded-Host: " + doorway.host(program.port()) + "\r\n")
                    .doesNotContainIgnoringCase("secret")
                    .doesNotContainIgnoringCase("skerry")
                    .doesNotContainIgnoringCase("e2b-")
                    .doesNotContain("6.6.6.6", "TE:", "Keep-Alive", "Content-Length", "Transfer-Encoding");
        }
    }

    @Test
    void fieldsThatConnectionNamesEndAtTheGateway() throws Exception {
        try (Program program = Program.echo()) {
            doorway.raw("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                    + "\r\nConnection: close, X-Hop, Host\r\nX-Hop: 1\r\nX-Kept: 2\r\n\r\n");
            assertThat(program.heads().remove()).contains("X-Kept: 2", "Host: ").doesNotContain("X-Hop");
        }
    }

    @Test
    void theAnswerComesBackWithItsFieldsAndWithoutThoseOfItsConnection() throws Exception {
        String answer = lines(
                        "HTTP/1.1 203 Whatever",
                        "Content-Length: 2",
                        "Set-Cookie: a=1",
                        "Set-Cookie: b=2",
                        "Connection: keep-alive, X-Hop",
                        "Keep-Alive: timeout=5",
                        "X-Hop: 1",
                        "X-Skerry-Any: 1",
                        "Server: inside",
                        "Date: Thu, 01 Jan 1970 00:00:00 GMT",
                        "Content-Type: x/y",
                        "")
                + "hi";
        try (Program program = Program.saying(answer)) {
            String got = doorway.get(program.port(), "/", "");
            assertThat(got).startsWith("HTTP/1.1 203 ").endsWith("\r\n\r\nhi");
            assertThat(got)
                    .contains("Set-Cookie: a=1\r\n", "Set-Cookie: b=2\r\n", "Server: inside\r\n", "Content-Type: x/y")
                    .containsOnlyOnce("Date: Thu, 01 Jan 1970")
                    .containsOnlyOnce("Date:")
                    .doesNotContain("X-Hop", "Keep-Alive", "X-Skerry");
        }
    }

    @Test
    void aHeadAnswerHasTheLengthAndNoContent() throws Exception {
        try (Program program = Program.saying("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")) {
            String got = doorway.raw(
                    "HEAD / HTTP/1.1\r\nHost: " + doorway.host(program.port()) + "\r\nConnection: close\r\n\r\n");
            assertThat(got).contains("Content-Length: 1000\r\n").endsWith("\r\n\r\n");
        }
    }

    @Test
    void answersWithoutContentHaveNone() throws Exception {
        for (String status : List.of("204 No Content", "304 Not Modified")) {
            try (Program program = Program.saying("HTTP/1.1 " + status + "\r\nETag: \"x\"\r\n\r\n")) {
                assertThat(doorway.get(program.port(), "/", ""))
                        .startsWith("HTTP/1.1 " + status.substring(0, 3))
                        .contains("ETag: \"x\"")
                        .endsWith("\r\n\r\n");
            }
        }
    }

    @Test
    void anAnswerMayEndWithItsConnection() throws Exception {
        try (Program program = Program.saying("HTTP/1.0 200 OK\nContent-Type: a/b\n\nold and good")) {
            assertThat(doorway.get(program.port(), "/", ""))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("old and good");
        }
    }

    @Test
    void trailersPass() throws Exception {
        try (Program program = Program.saying(lines(
                "HTTP/1.1 200 OK",
                "Transfer-Encoding: chunked",
                "Trailer: X-Sum",
                "",
                "5;x=y",
                "hello",
                "0",
                "X-Sum: 42",
                ""))) {
            assertThat(doorway.get(program.port(), "/", "")).contains("hello").endsWith("0\r\nX-Sum: 42\r\n\r\n");
        }
    }

    @Test
    void interimAnswersPassAndTheFinalOneCounts() throws Exception {
        try (Program program = Program.saying("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) {
            String got = doorway.get(program.port(), "/", "");
            assertThat(got)
                    .startsWith("HTTP/1.1 103")
                    .contains("Link: </a>", "HTTP/1.1 200 ")
                    .endsWith("hi");
        }
    }

    @Test
    void contentOfKnownAndUnknownLengthArrives() throws Exception {
        try (Program program = Program.echo()) {
            String host = "Host: " + doorway.host(program.port()) + "\r\nConnection: close\r\n";
            assertThat(doorway.raw("POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello"))
                    .endsWith("\r\n\r\nhello");
            assertThat(program.heads().remove()).contains("Content-Length: 5\r\n");
            assertThat(doorway.raw("POST / HTTP/1.1\r\n" + host
                            + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
                    .endsWith("\r\n\r\nhello");
            assertThat(program.heads().remove()).contains("Transfer-Encoding: chunked\r\n");
            assertThat(doorway.raw("POST / HTTP/1.1\r\n" + host + "\r\n")).endsWith("\r\n\r\n");
            assertThat(program.heads().remove()).contains("Content-Length: 0\r\n");
        }
    }

    @Test
    void eventsArriveOneByOne() throws Exception {
        var next = new java.util.concurrent.SynchronousQueue<String>();
        try (Program program = new Program((in, out) -> {
                    Program.head(in);
                    out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"));
                    for (String event = next.take(); !event.isEmpty(); event = next.take()) {
                        out.write(Program.bytes("data: " + event + "\n\n"));
                    }
                });
                Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port()) + "\r\n\r\n"));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).contains("text/event-stream");
            for (String event : List.of("one", "two", "three")) {
                next.put(event);
                assertThat(Program.chunk(in)).isEqualTo("data: " + event + "\n\n");
            }
            next.put("");
            assertThat(Program.chunk(in)).isEmpty();
        }
    }

    @Test
    void theAnswerMayComeWhileTheRequestGoesOn() throws Exception {
        try (Program program = new Program((in, out) -> {
                    Program.head(in);
                    out.write(Program.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
                    for (String piece = Program.chunk(in); !piece.isEmpty(); piece = Program.chunk(in)) {
                        out.write(Program.bytes(Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n"));
                    }
                    out.write(Program.bytes("0\r\n\r\n"));
                });
                Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("POST / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                            + "\r\nTransfer-Encoding: chunked\r\n\r\n"));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 200");
            for (String word : List.of("ping", "pong!")) {
                socket.getOutputStream()
                        .write(Program.bytes(Integer.toHexString(word.length()) + "\r\n" + word + "\r\n"));
                assertThat(Program.chunk(in)).isEqualTo(word);
            }
            socket.getOutputStream().write(Program.bytes("0\r\n\r\n"));
            assertThat(Program.chunk(in)).isEmpty();
        }
    }

    @Test
    void contentIsSentWhenTheProgramWantsIt() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
                    assertThat(Program.head(in)).contains("Expect: 100-continue");
                    asked.await();
                    out.write(Program.bytes("HTTP/1.1 100 Continue\r\n\r\n"));
                    byte[] content = in.readNBytes(5);
                    out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
                    out.write(content);
                });
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(expecting(program.port())));
            asked.countDown();
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 100");
            socket.getOutputStream().write(Program.bytes("hello"));
            assertThat(Program.head(in)).startsWith("HTTP/1.1 200");
            assertThat(in.readNBytes(5)).isEqualTo(Program.bytes("hello"));
        }
    }

    @Test
    void contentThatTheProgramDoesNotWantIsNotSent() throws Exception {
        try (Program program =
                        Program.saying("HTTP/1.1 413 Too Big\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");
                Socket socket = doorway.connect()) {
            socket.getOutputStream().write(Program.bytes(expecting(program.port())));
            assertThat(Program.head(socket.getInputStream())).startsWith("HTTP/1.1 413");
        }
    }

    private String expecting(int port) {
        return "PUT / HTTP/1.1\r\nHost: " + doorway.host(port)
                + "\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    }

    @Test
    void anEarlyAnswerEndsTheRequest() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
                    Program.head(in);
                    out.write(Program.bytes("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"));
                    while (in.read() >= 0) {
                        // Until the gateway lets go.
                    }
                    over.countDown();
                });
                Socket socket = doorway.connect()) {
            socket.getOutputStream()
                    .write(Program.bytes("POST / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                            + "\r\nContent-Length: 1000000\r\n\r\nbegin"));
            InputStream in = socket.getInputStream();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 403");
            assertThat(in.readNBytes(2)).isEqualTo(Program.bytes("no"));
            assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
            Doorway.await(() -> doorway.guest.streams().size() == 0);
        }
    }

    @Test
    void aClientThatBreaksOffItsContentEndsTheRequestInside() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
            Program.head(in);
            begun.countDown();
            while (in.read() >= 0) {
                // Until the gateway lets go.
            }
            over.countDown();
        })) {
            try (Socket socket = doorway.connect()) {
                socket.getOutputStream()
                        .write(Program.bytes("POST / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                                + "\r\nContent-Length: 1000\r\n\r\nbegin"));
                assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
            Doorway.await(() -> doorway.guest.streams().size() == 0);
        }
    }

    @Test
    void aClosedPortIsNamed() throws Exception {
        int port;
        try (Program program = Program.echo()) {
            port = program.port();
        }
        String got = doorway.get(port, "/", "");
        assertThat(got).startsWith("HTTP/1.1 502 ").contains("Content-Type: application/json");
        assertThat(got)
                .endsWith("{\"sandboxId\":\"" + doorway.id()
                        + "\",\"message\":\"The sandbox is running but port is not open\",\"port\":" + port
                        + ",\"code\":502}");
    }

    private static String lines(String... lines) {
        return String.join("\r\n", lines) + "\r\n";
    }
}
