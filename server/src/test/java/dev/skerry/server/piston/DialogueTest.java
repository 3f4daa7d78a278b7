package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobListener.Stream;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code /connect}, with the JDK's own client. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DialogueTest {
    private static final String INIT =
            "{\"type\":\"init\",\"language\":\"python\",\"version\":\"3.11.x\",\"files\":[{\"content\":\"x\"}]}";

    private PistonServer server;

    @BeforeAll
    void open(@TempDir Path folder) {
        PistonSettings usual = PistonSettings.DEFAULT;
        server = new PistonServer(
                folder,
                new PistonSettings(
                        usual.listen(),
                        false,
                        usual.anonymousIsolation(),
                        usual.limits(),
                        usual.overrides(),
                        usual.bodyBytesMax(),
                        4,
                        usual.socketOutputBytes(),
                        usual.packages()),
                RateLimits.NONE);
    }

    @AfterAll
    void close() {
        server.close();
    }

    @BeforeEach
    void forget() {
        server.jobs.playNothingSpecial();
        Eventually.holds(() -> server.api.sockets() == 0);
    }

    /** What a client hears. */
    private static final class Client implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final StringBuilder part = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                heard.add(part.toString());
                part.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            heard.add("closed " + code + " " + reason);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            heard.add("error " + error);
        }

        String next() throws InterruptedException {
            return heard.poll(20, TimeUnit.SECONDS);
        }

        /** Everything up to the close. */
        List<String> rest() throws InterruptedException {
            List<String> all = new ArrayList<>();
            for (String each = next(); each != null; each = next()) {
                all.add(each);
                if (each.startsWith("closed ") || each.startsWith("error ")) {
                    break;
                }
            }
            return all;
        }
    }

    private WebSocket connect(Client client) {
        return server.client()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + server.key)
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port(true) + "/api/v2/connect"), client)
                .join();
    }

    private List<String> after(String... messages) throws InterruptedException {
        Client client = new Client();
        WebSocket socket = connect(client);
        for (String message : messages) {
            socket.sendText(message.replace('\'', '"'), true).join();
        }
        return client.rest();
    }

    @Test
    void aJobIsToldAsItHappens() throws Exception {
        server.jobs.play(run ->
                run.writes(Stream.STDOUT, "out").writes(Stream.STDERR, "err").ends(FakeJobs.outcome(Status.OK, 0)));
        assertThat(after(INIT.replace("python", "c").replace("3.11.x", "*")))
                .containsExactly(
                        "{\"type\":\"runtime\",\"language\":\"c\",\"version\":\"12.2.0\",\"sandbox\":{\"id\":\"box1\","
                                + "\"isolation\":\"container\","
                                + "\"trust\":{\"rule\":\"sandboxes.isolation\",\"floor\":\"container\"},"
                                + "\"driver\":\"own 1\",\"template\":\"base\","
                                + "\"template_digest\":\"sha256:ab\",\"start\":\"prestarted\"}}",
                        "{\"type\":\"stage\",\"stage\":\"compile\"}",
                        exit("compile"),
                        "{\"type\":\"stage\",\"stage\":\"run\"}",
                        "{\"type\":\"data\",\"stream\":\"stdout\",\"data\":\"out\"}",
                        "{\"type\":\"data\",\"stream\":\"stderr\",\"data\":\"err\"}",
                        exit("run"),
                        "closed 4999 Job Completed");
        assertThat(server.jobs.last().order().cases().getFirst().stdin()).isEmpty();
        assertThat(server.jobs.last().order().cases().getFirst().limits().outputBytes())
                .isEqualTo(1 << 20);
    }

    private static String exit(String stage) {
        return "{\"type\":\"exit\",\"stage\":\"" + stage + "\",\"code\":0,\"signal\":null,\"message\":null,"
                + "\"status\":null,\"cpu_time\":10,\"wall_time\":20,\"memory\":5000000,\"truncated\":false,"
                + "\"reason\":\"ok\"}";
    }

    @Test
    void whatDoesNotCompileIsNotRun() throws Exception {
        server.jobs.compiling(run -> run.ends(FakeJobs.outcome(Status.RUNTIME_ERROR, 1)));
        List<String> heard = after(INIT.replace("python", "c").replace("3.11.x", "*"));
        assertThat(heard).hasSize(4);
        assertThat(heard.get(2)).startsWith("{\"type\":\"exit\",\"stage\":\"compile\",\"code\":1,\"signal\":null");
        assertThat(heard.get(3)).isEqualTo("closed 4999 Job Completed");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'type':'data','stream':'stdin','data':'x'} | 4003 Not yet initialized",
                "{'type':'signal','signal':'SIGTERM'} | 4003 Not yet initialized",
                "{'type':'eof'} | 4003 Not yet initialized",
                "{'type':'unknown'} | 4001 Initialization Timeout",
                "7 | 4001 Initialization Timeout",
                "[] | 4001 Initialization Timeout",
            })
    void whoHasNotBegunIsClosed(String message, String closed) throws Exception {
        assertThat(after(message)).containsExactly("closed " + closed);
    }

    @Test
    void whoSaysNothingForASecondIsClosed() throws Exception {
        long start = System.nanoTime();
        assertThat(after()).containsExactly("closed 4001 Initialization Timeout");
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isGreaterThanOrEqualTo(990);
    }

    /** As on a server that has to ask a template for its languages first. */
    @Test
    void whoBeginsInTimeIsNotLateWhateverHisBeginningTakes() throws Exception {
        server.jobs.more = () -> {
            LockSupport.parkNanos(Duration.ofMillis(1300).toNanos());
            return List.of();
        };
        try {
            assertThat(after(INIT)).endsWith("closed 4999 Job Completed");
        } finally {
            server.jobs.more = List::of;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'type':'init'} | language is required as a string",
                "{'type':'init','language':'no','version':'1','files':[]} | no-1 runtime is unknown",
                "null | null is no message",
                "{'type | a message that is no JSON",
            })
    void whatIsWrongIsSaidBeforeTheClose(String message, String said) throws Exception {
        List<String> heard = after(message);
        assertThat(heard).hasSize(2);
        JsonNode error = Exchange.JSON.readTree(heard.getFirst());
        assertThat(error.get("type").stringValue()).isEqualTo("error");
        assertThat(error.get("message").stringValue()).startsWith(said);
        assertThat(heard.getLast()).isEqualTo("closed 4002 Notified Error");
    }

    @Test
    void whatTheQueueRefusesIsSaidToo() throws Exception {
        server.jobs.play(_ -> {
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, "12 are before it");
        });
        List<String> heard = after(INIT);
        assertThat(heard.get(heard.size() - 2)).contains("\"error\"", "12 are before it");
        assertThat(heard.getLast()).isEqualTo("closed 4002 Notified Error");
    }

    /** After a good beginning, with a program that waits. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'type':'init'} | 4000 Already Initialized",
                "{'type':'data','stream':'stdout','data':'x'} | 4004 Can only write to stdin",
                "{'type':'data','data':'x'} | 4004 Can only write to stdin",
                "{'type':'signal','signal':'SIGNOPE'} | 4005 Invalid signal",
                "{'type':'signal','signal':'sigterm'} | 4005 Invalid signal",
                "{'type':'signal'} | 4005 Invalid signal",
            })
    void whatMakesNoSenseEndsTheJob(String message, String closed) throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        server.jobs.play(_ -> {
            try {
                new CountDownLatch(1).await();
                throw new IllegalStateException();
            } finally {
                interrupted.countDown();
            }
        });
        assertThat(after(INIT, message)).endsWith("closed " + closed);
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatIsTypedReachesTheProgramUntilItsEnd() throws Exception {
        PipedInputStream program = new PipedInputStream();
        server.jobs.control(new FakeJobs.Control(new PipedOutputStream(program), new ArrayList<>()));
        server.jobs.play(run -> {
            try {
                return run.writes(Stream.STDOUT, new String(program.readAllBytes(), StandardCharsets.UTF_8))
                        .ends(FakeJobs.outcome(Status.OK, 0));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        List<String> heard = after(
                INIT.replace("]}", "],\"stdin\":\"first\"}"),
                "{'type':'data','stream':'stdin','data':'a'}",
                "{'type':'data','stream':'stdin','data':'ü'}",
                "{'type':'eof'}",
                "{'type':'data','stream':'stdin','data':'too late'}");
        assertThat(heard).contains("{\"type\":\"data\",\"stream\":\"stdout\",\"data\":\"first\\naü\"}");
    }

    /** More than is kept for a program that never begins; {@link StdinFeedTest} has who waits for certain. */
    @Test
    void whoTypesMuchToWhatDoesNotCompileIsClosedToo() throws Exception {
        CountDownLatch typed = new CountDownLatch(1);
        server.jobs.compiling(run -> {
            typed.await();
            return run.ends(FakeJobs.outcome(Status.RUNTIME_ERROR, 1));
        });
        Client client = new Client();
        WebSocket socket = connect(client);
        socket.sendText(INIT.replace("python", "c").replace("3.11.x", "*"), true)
                .join();
        String data = "{\"type\":\"data\",\"stream\":\"stdin\",\"data\":\"" + "x".repeat(64 << 10) + "\"}";
        for (int i = 0; i <= StdinFeed.BYTES_MAX / (64 << 10); i++) {
            socket.sendText(data, true).join();
        }
        typed.countDown();
        assertThat(client.rest()).endsWith("closed 4999 Job Completed");
        Eventually.holds(() -> server.api.sockets() == 0);
    }

    @Test
    void signalsAreDelivered() throws Exception {
        FakeJobs.Control control = new FakeJobs.Control(OutputStream.nullOutputStream(), new ArrayList<>());
        server.jobs.control(control);
        server.jobs.play(run -> run.ends(FakeJobs.outcome(Status.SIGNALLED, control.awaitSignal())));
        List<String> heard = after(INIT, "{'type':'signal','signal':'SIGTERM'}");
        assertThat(heard.get(heard.size() - 2)).contains("\"code\":null,\"signal\":\"SIGTERM\"", "\"status\":\"SG\"");
        assertThat(heard.getLast()).isEqualTo("closed 4999 Job Completed");
    }

    @Test
    void aClientThatGoesEndsItsJob() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        server.jobs.play(_ -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
                throw new IllegalStateException();
            } finally {
                interrupted.countDown();
            }
        });
        WebSocket socket = connect(new Client());
        socket.sendText(INIT, true).join();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
        socket.abort();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTenantHasHalfOfAllSockets() throws Exception {
        Client first = new Client();
        Client second = new Client();
        connect(first);
        connect(second);
        assertThat(refusal()).isEqualTo(429);
        assertThat(first.rest()).containsExactly("closed 4001 Initialization Timeout");
        assertThat(second.rest()).containsExactly("closed 4001 Initialization Timeout");
        Eventually.holds(() -> server.api.sockets() == 0);
        assertThat(after(INIT)).endsWith("closed 4999 Job Completed");
    }

    private int refusal() {
        try {
            connect(new Client());
            return 101;
        } catch (CompletionException e) {
            return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
        }
    }

    @Test
    void withoutAKeyThereIsNoSocket() {
        try {
            server.client()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://127.0.0.1:" + server.port(true) + "/api/v2/connect"), new Client())
                    .join();
            throw new AssertionError("let in");
        } catch (CompletionException e) {
            assertThat(((WebSocketHandshakeException) e.getCause())
                            .getResponse()
                            .statusCode())
                    .isEqualTo(401);
        }
        WebSocket keyed = server.client()
                .newWebSocketBuilder()
                .buildAsync(
                        URI.create("ws://127.0.0.1:" + server.port(false) + "/k/" + server.key + "/api/v2/connect"),
                        new Client())
                .join();
        keyed.abort();
    }
}
