package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.wire.jobs.StageOutcome;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An {@link Error} while a job runs is an error of the server like any other. */
@Timeout(30)
class BrokenDownJobsTest {
    private static final String PROGRAM = "\"language\":\"python\",\"version\":\"*\",\"files\":[{\"content\":\"x\"}]}";

    private PistonServer server;

    @BeforeEach
    void open(@TempDir Path folder) {
        server = new PistonServer(folder);
        server.jobs.play(BrokenDownJobsTest::overflow);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static StageOutcome overflow(FakeJobs.Run run) {
        throw new StackOverflowError("in a job");
    }

    /** Which has no content, as Piston's. */
    @Test
    void executeIsAnswered() throws Exception {
        assertThat(server.execute("{" + PROGRAM).is(500).response().body()).isEmpty();
    }

    @Test
    void aDialogueIsToldAndLeavesItsPlace() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        server.client()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + server.key)
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port(true) + "/api/v2/connect"), new Client(heard))
                .join()
                .sendText("{\"type\":\"init\"," + PROGRAM, true)
                .join();
        assertThat(heard.poll(20, TimeUnit.SECONDS)).startsWith("{\"type\":\"runtime\"");
        assertThat(heard.poll(20, TimeUnit.SECONDS)).startsWith("{\"type\":\"stage\"");
        assertThat(heard.poll(20, TimeUnit.SECONDS))
                .isEqualTo("{\"type\":\"error\",\"message\":\"an error of the server\",\"hint\":null}");
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("closed 1011");
        Eventually.holds(() -> server.api.sockets() == 0);
    }

    private record Client(BlockingQueue<String> heard) implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            heard.add(data.toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            heard.add("closed " + code);
            return null;
        }
    }
}
