package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.settings.PistonLimit;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.wire.jobs.JobListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is not there any more, or does not read, keeps no place of the queue. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class AbsentClientTest {
    private static final String JOB =
            "{\"type\":\"init\",\"language\":\"python\",\"version\":\"3.11.x\",\"files\":[{\"content\":\"x\"}]}";

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private PistonServer server;

    @BeforeEach
    void open(@TempDir Path folder) {
        PistonSettings usual = PistonSettings.DEFAULT;
        PistonSettings patient = new PistonSettings(
                usual.listen(),
                usual.anonymous(),
                usual.anonymousIsolation(),
                usual.limits(),
                Map.of("python", Map.of(PistonLimit.RUN_TIMEOUT, 60_000L)),
                usual.bodyBytesMax(),
                usual.socketsMax(),
                usual.socketOutputBytes(),
                usual.packages());
        server = new PistonServer(folder, patient, RateLimits.NONE);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Socket ask() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port(true));
        String request = "POST /api/v2/execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "X-API-Key: " + server.key + "\r\nContent-Length: " + JOB.length() + "\r\n\r\n" + JOB;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** A job that ends when it is interrupted. */
    private void playEndless() {
        server.jobs.play(_ -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
                throw new IllegalStateException();
            } finally {
                interrupted.countDown();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoHangsUpEndsHisJob(boolean abruptly) throws Exception {
        playEndless();
        try (Socket socket = ask()) {
            assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
            if (abruptly) {
                socket.setSoLinger(true, 0);
            }
        }
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    /** Its program may run for a minute and write without end; it reads nothing of that. */
    @Test
    void whoDoesNotReadEndsHisJobLongBeforeItsTimeIsOver() throws Exception {
        byte[] much = new byte[64 << 10];
        Arrays.fill(much, (byte) 'x');
        server.jobs.play(run -> {
            while (!Thread.currentThread().isInterrupted()) {
                run.writes(JobListener.Stream.STDOUT, much);
            }
            interrupted.countDown();
            throw new InterruptedException();
        });
        WebSocket.Listener deaf = new WebSocket.Listener() {
            @Override
            public void onOpen(WebSocket opened) {
                // Asks for nothing.
            }
        };
        WebSocket socket = server.client()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + server.key)
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port(true) + "/api/v2/connect"), deaf)
                .join();
        socket.sendText(JOB, true).join();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        socket.abort();
    }
}
