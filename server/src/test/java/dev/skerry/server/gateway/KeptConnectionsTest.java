package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.guests.BareGuest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Doorway.Way.class)
class KeptConnectionsTest {
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
    void connectionsAreKeptAndDeadOnesReplaced() throws Exception {
        try (Program program = Program.echo()) {
            for (int i = 0; i < 5; i++) {
                assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
                doorway.awaitNoRequests();
            }
            assertThat(program.connections()).isEqualTo(1);
        }
        // This one drops its connection when it hears a second request, so nothing tells that it is dead before.
        Program forgetful = new Program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
            Program.head(in);
        });
        try (forgetful) {
            for (int i = 0; i < 6; i++) {
                assertThat(doorway.get(forgetful.port(), "/", "")).startsWith("HTTP/1.1 200");
                doorway.awaitNoRequests();
            }
            assertThat(forgetful.connections()).isEqualTo(6);
        }
    }

    @Test
    void aRequestThatMustNotHappenTwiceGetsAConnectionOfItsOwn() throws Exception {
        try (Program program = Program.echo()) {
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            assertThat(doorway.raw("POST / HTTP/1.1\r\nHost: " + doorway.host(program.port())
                            + "\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
                    .startsWith("HTTP/1.1 200");
            assertThat(program.connections()).isEqualTo(2);
        }
    }

    @Test
    void keptConnectionsAreClosedBeforeAPause() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
            if (in.read() < 0) {
                closed.countDown();
            }
        })) {
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            doorway.guest.streams().drain(Duration.ofSeconds(2));
            assertThat(closed.await(3, TimeUnit.SECONDS)).isTrue();
            doorway.guest.streams().reopen();
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            assertThat(program.connections()).isEqualTo(2);
        }
    }

    @Test
    void aLaterLifeOfASandboxMeetsNoConnectionOfAnEarlierOne(@TempDir Path other) throws Exception {
        try (Program program = Program.echo();
                BareGuest next = BareGuest.start(other)) {
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            doorway.livesAnew(next);
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            assertThat(program.connections()).isEqualTo(2);
        }
    }

    @Test
    void keptConnectionsAreLetGoAfterAWhile() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (Program program = new Program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
            if (in.read() < 0) {
                closed.countDown();
            }
        })) {
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
            assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void requestsAndPausesAtOnceNeverWedge() throws Exception {
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        try (Program program = Program.echo()) {
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(Thread.ofVirtual().start(() -> {
                    for (int j = 0; j < 60; j++) {
                        try {
                            String got = doorway.get(program.port(), "/", "");
                            // 502 and 503 are for those whom a pause has met.
                            if (!got.matches("(?s)HTTP/1\\.1 (200|502|503) .*")) {
                                wrong.add(got);
                            }
                        } catch (IOException e) {
                            wrong.add(e.toString());
                        }
                    }
                }));
            }
            while (clients.stream().anyMatch(Thread::isAlive)) {
                doorway.guest.streams().drain(Duration.ofMillis(1));
                assertThat(doorway.guest.streams().size()).isZero();
                doorway.guest.streams().reopen();
                LockSupport.parkNanos(5_000_000);
            }
            assertThat(wrong).isEmpty();
            assertThat(doorway.get(program.port(), "/", "")).startsWith("HTTP/1.1 200");
        }
    }
}
