package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands whose standard output is a file on a full disk, or a pipe that nobody reads any longer. */
class LostOutputTest {
    private static final String FULL = "No space left on device";
    private static final String SAID = "skerry: standard output cannot be written: " + FULL + "\nhint: ";

    private final Commanded commanded = new Commanded();

    /** Takes nothing, with the words that the JDK has for it. */
    private static OutputStream taking(String nothing) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(nothing);
            }
        };
    }

    private static OutputStream full() {
        return taking(FULL);
    }

    private static OutputStream closedPipe() {
        return taking("Broken pipe");
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "ps --local --json", "template list", "run --json -- x", "doctor"})
    void whatIsNotWrittenIsNoSuccess(String command) {
        assertThat(commanded.skerryTo(full(), command.split(" "))).isEqualTo(125);
        assertThat(commanded.err()).contains(SAID);
        assertThat(commanded.skerryTo(closedPipe(), command.split(" "))).isEqualTo(141);
        assertThat(commanded.err()).isEmpty();
    }

    @Test
    void aProgramWhoseWordsAreLostIsNoSuccessAlsoWhenItHasEnded() {
        commanded.host.stdout = "words".getBytes(StandardCharsets.UTF_8);
        assertThat(commanded.skerryTo(full(), "run", "--", "x")).isEqualTo(125);
        assertThat(commanded.err()).startsWith(SAID);
        assertThat(commanded.skerryTo(closedPipe(), "run", "--", "x")).isEqualTo(141);
        assertThat(commanded.err()).as("that we kill it is no news").isEmpty();
    }

    @Test
    void theOthersHaveTheirTurnAllTheSame() {
        assertThat(commanded.skerryTo(full(), "kill", "--local", "a", "b")).isEqualTo(125);
        assertThat(commanded.host.killed).containsExactly("a", "b");
        assertThat(commanded.err()).startsWith(SAID);
    }

    @Test
    @Timeout(20)
    void whoFollowsStopsWhenNobodyReads() throws IOException {
        try (FakeE2b server = new FakeE2b()) {
            commanded.environment.put("E2B_API_URL", server.url());
            commanded.environment.put("E2B_API_KEY", FakeE2b.KEY);
            server.on("GET /skerry/v1/events", 200, """
                [{"sequence":1,"at":"2026-01-01T00:00:00Z","sandboxID":"s","kind":"CREATED","detail":""}]\
                """);
            server.on("GET /skerry/v1/events", 200, "[]");
            assertThat(commanded.skerryTo(closedPipe(), "events", "-f")).isEqualTo(141);
        }
    }

    @Test
    void aServerGoesOn(@TempDir Path data) {
        var server = new FakeServer();
        server.drained.countDown();
        commanded.servers = _ -> server;
        assertThat(commanded.skerryTo(full(), "serve", "--data", data.toString()))
                .isZero();
        assertThat(commanded.err()).contains(FULL);
        assertThat(data.resolve("client.env")).isNotEmptyFile();
    }

    @Test
    void whatIsPickedUpAndNotReadIsKilled() throws Exception {
        var process = new Said(new ByteArrayInputStream(new byte[1 << 20]));
        assertThatThrownBy(() -> session(process, closedPipe()).follow()).isInstanceOf(LostOutput.class);
        assertThat(process.kills).isEqualTo(1);
        assertThat(process.stdout.available())
                .as("read to its end, as others wait behind it")
                .isZero();
    }

    @Test
    void thatItsSandboxEndsIsNoFaultOfTheReader() throws Exception {
        var broken = new InputStream() {
            @Override
            public int read() {
                throw new Failure(ErrorCode.SANDBOX_GONE, "the sandbox has ended");
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                return read();
            }
        };
        List<Throwable> uncaught = new ArrayList<>();
        Thread.UncaughtExceptionHandler usual = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, thrown) -> uncaught.add(thrown));
        try {
            assertThat(session(new Said(broken), new ByteArrayOutputStream()).follow())
                    .isEqualTo(137);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(usual);
        }
        assertThat(uncaught).isEmpty();
    }

    private Session session(JobProcess process, OutputStream stdout) {
        var context = new Context(
                (_, _) -> commanded.host,
                FakeServer.NONE,
                _ -> {},
                true,
                InputStream.nullInputStream(),
                stdout,
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                Map.of());
        JobSandbox sandbox = commanded.host.create(SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT));
        return new Session(context, sandbox, process, Optional.empty());
    }

    /** One that has said something, and is dead. */
    private static final class Said implements JobProcess {
        private final InputStream stdout;
        private int kills;

        Said(InputStream stdout) {
            this.stdout = stdout;
        }

        @Override
        public OutputStream stdin() {
            return OutputStream.nullOutputStream();
        }

        @Override
        public InputStream stdout() {
            return stdout;
        }

        @Override
        public InputStream stderr() {
            return InputStream.nullInputStream();
        }

        @Override
        public void resize(JobSandbox.TerminalSize size) {}

        @Override
        public void kill() {
            kills++;
        }

        @Override
        public Optional<JobSandbox.Exit> await(Duration limit) {
            return Optional.of(new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), false, false));
        }
    }
}
