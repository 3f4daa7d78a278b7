package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests over a kept socket, of which the first of each test makes one: those after it begin without a thread. */
class ShortPassageTest {
    private static final String FIRST = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst";

    private Doorway doorway;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        doorway = new Doorway(folder);
    }

    @AfterEach
    void close() {
        doorway.close();
    }

    /** Answers one request, and leaves the connection to what follows. */
    private static Program thatGoesOn(Program.Behaviour next) throws IOException {
        return new Program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes(FIRST));
            Program.head(in);
            next.serve(in, out);
        });
    }

    private void ask(Socket socket, Program program) throws IOException {
        socket.getOutputStream()
                .write(Program.bytes("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port()) + "\r\n\r\n"));
    }

    private InputStream first(Socket socket, Program program) throws IOException {
        ask(socket, program);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        assertThat(Program.head(in)).startsWith("HTTP/1.1 200 ");
        assertThat(text(in, 5)).isEqualTo("first");
        return in;
    }

    private static String text(InputStream in, int bytes) throws IOException {
        return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    @Test
    void manyOneAfterTheOtherUseOneConnection() throws Exception {
        try (Program program = Program.echo();
                Socket socket = doorway.connect()) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int i = 0; i < 50; i++) {
                ask(socket, program);
                assertThat(Program.head(in)).startsWith("HTTP/1.1 200 ");
            }
            assertThat(program.connections()).isEqualTo(1);
            Doorway.await(() ->
                    doorway.server.requests() == 0 && doorway.guest.streams().size() == 0);
        }
    }

    /** Connections of clients are given to the selectors in turn. */
    @Test
    void aConnectionServesClientsOfAllSelectors() throws Exception {
        try (Program program = Program.echo();
                Socket one = doorway.connect();
                Socket other = doorway.connect();
                Socket third = doorway.connect()) {
            List<Socket> sockets = List.of(one, other, third);
            List<InputStream> answers = new ArrayList<>();
            for (Socket socket : sockets) {
                answers.add(new BufferedInputStream(socket.getInputStream()));
            }
            for (int i = 0; i < 300; i++) {
                ask(sockets.get(i % 3), program);
                assertThat(Program.head(answers.get(i % 3))).startsWith("HTTP/1.1 200 ");
                Doorway.await(() -> doorway.guest.streams().size() == 0);
            }
            assertThat(program.connections()).isEqualTo(1);
        }
    }

    @Test
    void anAnswerArrivesAsItComes() throws Exception {
        CountDownLatch headSeen = new CountDownLatch(1);
        CountDownLatch halfSeen = new CountDownLatch(1);
        try (Program program = thatGoesOn((in, out) -> {
                    out.write(Program.bytes("HTTP/1.1 201 Made\r\nContent-Length: 6\r\n\r\n"));
                    headSeen.await(20, TimeUnit.SECONDS);
                    out.write(Program.bytes("abc"));
                    halfSeen.await(20, TimeUnit.SECONDS);
                    out.write(Program.bytes("def"));
                });
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(Program.head(in)).startsWith("HTTP/1.1 201 ");
            headSeen.countDown();
            assertThat(text(in, 3)).isEqualTo("abc");
            halfSeen.countDown();
            assertThat(text(in, 3)).isEqualTo("def");
        }
    }

    @Test
    void whatIsLongOrOfUnknownLengthArrivesToo() throws Exception {
        int bytes = 1 << 20;
        try (Program program = thatGoesOn((in, out) -> {
                    out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: " + bytes + "\r\n\r\n"));
                    out.write(new byte[bytes]);
                    Program.head(in);
                    out.write(Program.bytes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
                    out.write(Program.bytes(
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
                });
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(Program.head(in)).contains("Content-Length: " + bytes);
            assertThat(in.readNBytes(bytes)).hasSize(bytes);
            ask(socket, program);
            assertThat(Program.head(in)).startsWith("HTTP/1.1 103 ");
            assertThat(Program.head(in)).startsWith("HTTP/1.1 200 ");
            assertThat(Program.chunk(in)).isEqualTo("abc");
            assertThat(program.connections()).isEqualTo(1);
        }
    }

    @Test
    void oneThatBreaksOffDoesNotLookWhole() throws Exception {
        try (Program program = thatGoesOn(
                        (in, out) -> out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")));
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(Program.head(in)).startsWith("HTTP/1.1 200 ");
            assertThat(text(in, 6)).isEqualTo("abc");
        }
        Doorway.await(
                () -> doorway.server.requests() == 0 && doorway.guest.streams().size() == 0);
    }

    @Test
    void oneThatIsNoHttpIsSaidToBeNone() throws Exception {
        try (Program program = thatGoesOn((in, out) -> out.write(Program.bytes("220 smtp.example\r\n\r\n")));
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(Program.head(in)).startsWith("HTTP/1.1 502 ");
        }
    }

    @Test
    void aPauseBreaksOffWhatNoThreadWaitsFor() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (Program program = thatGoesOn((in, out) -> {
                    asked.countDown();
                    in.read();
                });
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(doorway.server.requests()).isEqualTo(1);
            doorway.guest.streams().drain(Duration.ofMillis(1));
            assertThat(doorway.guest.streams().size()).isZero();
            assertThat(Program.head(in)).matches("(?s)HTTP/1\\.1 50[23] .*");
        }
    }

    @Test
    void aSandboxThatDiesIsGoneForItToo() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (Program program = thatGoesOn((in, out) -> {
                    asked.countDown();
                    in.read();
                });
                Socket socket = doorway.connect()) {
            InputStream in = first(socket, program);
            ask(socket, program);
            assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
            doorway.guest.kill();
            assertThat(Program.head(in)).startsWith("HTTP/1.1 502 ");
        }
    }
}
