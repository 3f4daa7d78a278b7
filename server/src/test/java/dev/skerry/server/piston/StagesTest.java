package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.JobListener.Stream;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What is said of a job that has run. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StagesTest {
    private static final String HELLO =
            "{\"language\":\"python\",\"version\":\"3.11.2\",\"files\":[{\"content\":\"x\"}]}";

    private PistonServer server;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = new PistonServer(folder);
    }

    @AfterAll
    void close() {
        server.close();
    }

    /** How a stage ended, and its code, signal, status and message. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "OK, 0, 0, null, null, null",
                "RUNTIME_ERROR, 7, 7, null, RE, Exited with error status 7",
                "SIGNALLED, 11, null, SIGSEGV, SG, Caught fatal signal 11",
                "SIGNALLED, 40, null, SIG40, SG, Caught fatal signal 40",
                "TIMED_OUT, 0, null, SIGKILL, TO, Time limit exceeded (wall clock)",
                "CPU_TIME_EXCEEDED, 0, null, SIGKILL, TO, Time limit exceeded",
                "OUT_OF_MEMORY, 0, 137, null, RE, Exited with error status 137",
                "STDOUT_LIMIT, 0, null, SIGKILL, OL, stdout length exceeded",
                "STDERR_LIMIT, 0, null, SIGKILL, EL, stderr length exceeded",
                "CANCELLED, 0, null, SIGKILL, SG, Caught fatal signal 9",
                "SANDBOX_ERROR, 0, null, null, XX, 'the sandbox failed, not the program'",
            })
    void anEndIsSaidInPistonsWords(String word, int number, Integer code, String signal, String status, String message)
            throws Exception {
        server.jobs.play(run -> run.ends(FakeJobs.outcome(Status.valueOf(word), number)));
        JsonNode run = server.execute(HELLO).is(200).body().get("run");
        assertThat(run.get("code").toString()).isEqualTo(String.valueOf(code));
        assertThat(run.get("signal").asStringOpt().orElse(null)).isEqualTo(signal);
        assertThat(run.get("status").asStringOpt().orElse(null)).isEqualTo(status);
        assertThat(run.get("message").asStringOpt().orElse(null)).isEqualTo(message);
        assertThat(run.get("truncated").booleanValue()).isEqualTo(word.startsWith("STD"));
        assertThat(run.get("reason").stringValue()).isEqualToIgnoringCase(word);
    }

    @Test
    void keysComeInPistonsOrderAndOursAfterThem() throws Exception {
        server.jobs.play(run -> run.writes(Stream.STDOUT, "1").ends(FakeJobs.outcome(Status.OK, 0)));
        String answer = server.execute("{\"language\":\"gcc\",\"version\":\"*\",\"files\":[{\"content\":\"\"}]}")
                .is(200)
                .response()
                .body();
        String stage = "{\"stdout\":\"%1$s\",\"stderr\":\"\",\"output\":\"%1$s\",\"code\":0,\"signal\":null,"
                + "\"message\":null,\"status\":null,\"cpu_time\":10,\"wall_time\":20,\"memory\":5000000,"
                + "\"truncated\":false,\"reason\":\"ok\"}";
        assertThat(answer)
                .isEqualTo("{\"compile\":" + stage.formatted("") + ",\"run\":" + stage.formatted("1")
                        + ",\"language\":\"c\",\"version\":\"12.2.0\",\"sandbox\":{\"id\":\"box1\","
                        + "\"isolation\":\"container\","
                        + "\"trust\":{\"rule\":\"sandboxes.isolation\",\"floor\":\"container\"},"
                        + "\"driver\":\"own 1\",\"template\":\"base\","
                        + "\"template_digest\":\"sha256:ab\",\"start\":\"prestarted\",\"waited_ms\":1,"
                        + "\"total_ms\":30}}");
    }

    @Test
    void whatDoesNotCompileIsNotRunAndItsStageIsTheRuns() throws Exception {
        server.jobs.compiling(
                run -> run.writes(Stream.STDERR, "main.c:1: error\n").ends(FakeJobs.outcome(Status.RUNTIME_ERROR, 1)));
        JsonNode answer = server.execute("{\"language\":\"c\",\"version\":\"*\",\"files\":[{\"content\":\"\"}]}")
                .is(200)
                .body();
        assertThat(answer.get("run")).isEqualTo(answer.get("compile"));
        assertThat(answer.get("run").get("stderr").stringValue()).isEqualTo("main.c:1: error\n");
        assertThat(answer.get("run").get("code").intValue()).isOne();
        server.jobs.compiling(run -> run.ends(FakeJobs.outcome(Status.OK, 0)));
    }

    @Test
    void outputIsInterleavedAndCharactersAreWhole() throws Exception {
        byte[] umlaut = "ü".getBytes(StandardCharsets.UTF_8);
        server.jobs.play(run -> run.writes(Stream.STDOUT, "a")
                .writes(Stream.STDERR, "b")
                .writes(Stream.STDOUT, new byte[] {umlaut[0]})
                .writes(Stream.STDERR, "c")
                .writes(Stream.STDOUT, new byte[] {umlaut[1], (byte) 0xFF, 0})
                .ends(FakeJobs.outcome(Status.OK, 0)));
        JsonNode run = server.execute(HELLO).is(200).body().get("run");
        assertThat(run.get("output").stringValue()).isEqualTo("abcü\uFFFD\0");
    }

    @Test
    void interleavedOutputIsCutAtTheLimitOfEachStream() throws Exception {
        String much = "é".repeat(40_000);
        server.jobs.play(run -> run.writes(Stream.STDERR, "e")
                .writes(Stream.STDOUT, "x")
                .writes(Stream.STDOUT, much)
                .writes(Stream.STDERR, "f")
                .ends(FakeJobs.outcome(Status.STDOUT_LIMIT, 0)));
        String output =
                server.execute(HELLO).is(200).body().get("run").get("output").stringValue();
        // 65,536 bytes: one, whole characters of two, and half of one that is left out.
        assertThat(output).isEqualTo("ex" + "é".repeat(32_767) + "f");
    }
}
