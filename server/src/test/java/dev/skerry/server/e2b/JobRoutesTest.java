package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.webhooks.Receiver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class JobRoutesTest {
    private static final String JOBS = "/skerry/v1/jobs";

    private final CountDownLatch gate = new CountDownLatch(1);
    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
        server.jobHost.program("gate", (_, _, _) -> {
            gate.await();
            return 0;
        });
    }

    @AfterEach
    void close() {
        gate.countDown();
        server.close();
    }

    private static String job(String program, String more) {
        return "{\"language\":\"python\",\"files\":[{\"name\":\"main.py\",\"content\":\"" + program + "\"}]" + more
                + "}";
    }

    private Answer post(String body) throws Exception {
        return server.send("POST", JOBS, body);
    }

    @Test
    void aProgramIsRunAndItsOutputComesBack() throws Exception {
        JsonNode result = post(job("cat", ",\"stdin\":\"hi\",\"version\":\"3.x\""))
                .is(200)
                .body();
        assertThat(result.get("verdict").stringValue()).isEqualTo("accepted");
        JsonNode run = result.get("cases").get(0).get("run");
        assertThat(run.get("stdout").stringValue()).isEqualTo("hi");
        assertThat(run.get("exitCode").intValue()).isZero();
        assertThat(result.get("trust").get("achieved").stringValue()).isEqualTo("container");
    }

    @Test
    void whatIsNotTextComesBackWhole() throws Exception {
        JsonNode result = post(job("cat", ",\"stdinBase64\":\"/wA=\"")).is(200).body();
        JsonNode run = result.get("cases").get(0).get("run");
        assertThat(run.get("stdoutBase64").stringValue()).isEqualTo("/wA=");
    }

    @Test
    void aBatchIsJudgedCaseByCase() throws Exception {
        String cases = ",\"stopOnFailure\":true,\"compare\":{\"kind\":\"float\",\"absolute\":0.01},\"cases\":["
                + "{\"stdin\":\"1.0\",\"expected\":\"1.001\"},"
                + "{\"stdin\":\"a b\",\"expected\":\"a  b\",\"compare\":{\"kind\":\"exact\"}},"
                + "{\"stdin\":\"x\",\"expected\":\"x\"}]";
        JsonNode result = post(job("cat", cases)).is(200).body();
        assertThat(result.get("verdict").stringValue()).isEqualTo("wrong_answer");
        assertThat(result.get("passed").intValue()).isEqualTo(1);
        assertThat(result.get("cases").get(2).get("verdict").stringValue()).isEqualTo("skipped");
    }

    @Test
    void twoProgramsTalk() throws Exception {
        String interactor = ",\"interactor\":{\"language\":\"c\",\"files\":[{\"content\":\"asks\"}]},"
                + "\"cases\":[{\"interactorArguments\":[\"ping\"]}]";
        server.jobHost.program("asks", (in, out, arguments) -> {
            byte[] said = arguments.getFirst().getBytes(StandardCharsets.UTF_8);
            out.write(said);
            out.flush();
            byte[] heard = in.readNBytes(said.length);
            out.close();
            return Arrays.equals(said, heard) ? 0 : 1;
        });
        JsonNode result = post(job("cat", interactor)).is(200).body();
        assertThat(result.get("verdict").stringValue()).isEqualTo("accepted");
        assertThat(result.get("cases").get(0).get("interactor").get("exitCode").intValue())
                .isZero();
    }

    @Test
    void laterIsAnsweredAtOnceAndTheResultIsPolledFor() throws Exception {
        Answer taken = post(job("gate", ",\"async\":true")).is(202);
        String path = taken.header("Location").orElseThrow();
        assertThat(path).isEqualTo(JOBS + "/" + taken.text("token"));
        assertThat(server.get(path + "?wait=0").is(200).text("state")).isIn("waiting", "running");
        Thread.ofVirtual().start(gate::countDown);
        Answer ended = server.get(path + "?wait=30s").is(200);
        assertThat(ended.text("state")).isEqualTo("ended");
        assertThat(ended.body().get("result").get("verdict").stringValue()).isEqualTo("accepted");
        assertThat(server.get(JOBS + "?state=ended").body().size()).isEqualTo(1);
        assertThat(server.get(JOBS + "?state=waiting").body().size()).isZero();
        server.send("GET", path, "", "X-API-Key", server.otherKey).is(404);
        server.send("DELETE", path, "", "X-API-Key", server.key(KeyScope.READ)).is(403);
        server.send("DELETE", path, "").is(204);
        server.get(path + "?wait=soon").is(400);
    }

    /** Each time takes a connection to the database, and thousands may wait. */
    @Test
    void whoPollsAsksTheDatabaseOnceBeforeItWaits() throws Exception {
        String path = JOBS + "/" + post(job("gate", ",\"async\":true")).is(202).text("token");
        server.looks.set(0);
        server.get(path + "?wait=0").is(200);
        assertThat(server.looks).hasValue(1);
        Thread.ofVirtual().start(() -> {
            Eventually.holds(() -> server.looks.get() == 2);
            gate.countDown();
        });
        assertThat(server.get(path + "?wait=30s").is(200).text("state")).isEqualTo("ended");
        assertThat(server.looks).hasValue(3);
    }

    @Test
    void oneKeyIsOneJob() throws Exception {
        String[] keyed = {"X-API-Key", server.key, "Idempotency-Key", "exam 7"};
        String first = server.send("POST", JOBS, job("hello", ",\"async\":true"), keyed)
                .is(202)
                .text("token");
        String second = server.send("POST", JOBS, job("hello", ",\"async\":true"), keyed)
                .is(202)
                .text("token");
        assertThat(second).isEqualTo(first);
        server.send("POST", JOBS, job("cat", ",\"async\":true"), keyed).is(409);
        String[] other = {"X-API-Key", server.key, "Idempotency-Key", "exam 8"};
        for (int i = 0; i < 2; i++) {
            assertThat(server.send("POST", JOBS, job("hello", ""), other)
                            .is(200)
                            .text("verdict"))
                    .isEqualTo("accepted");
        }
        assertThat(server.get(JOBS).body().size()).isEqualTo(2);
    }

    @Test
    void theEndIsToldWhereThatIsAllowed() throws Exception {
        try (Receiver receiver = new Receiver()) {
            Answer taken = post(job("hello", ",\"async\":true,\"callback\":{\"url\":\"" + receiver.url("/in") + "\"}"))
                    .is(202);
            assertThat(taken.body().get("callback").get("secret").stringValue()).hasSize(43);
            assertThat(server.get(JOBS + "/" + taken.text("token") + "?wait=30s")
                            .body()
                            .get("callback")
                            .has("secret"))
                    .isFalse();
        }
        post(job("hello", ",\"async\":true,\"callback\":{\"url\":\"http://10.0.0.1/\"}"))
                .is(403);
        post(job("hello", ",\"callback\":{\"url\":\"http://127.0.0.1/\"}")).is(400);
    }

    @Test
    void aFullQueueSaysWhenToAskAgain() throws Exception {
        for (int i = 0; i < 5; i++) {
            post(job("gate", ",\"async\":true")).is(202);
        }
        Answer refused = post(job("hello", "")).is(429);
        assertThat(refused.header("Retry-After")).isPresent();
        assertThat(refused.text("message")).contains("it would have place 4");
        assertThat(server.get(JOBS).body().size()).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|'language' must be the name of a language",
                "{\"language\":\"cat\",\"version\":\".x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x"
                        + ".x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.xy"
                        + "\",\"files\":[{\"content\":\"x\"}]}|"
                        + "'version' must be a text of 128 characters at most",
                "{\"language\":\"cobol\",\"files\":[{\"content\":\"x\"}]}|there is no 'cobol' of version '*'",
                "{\"language\":\"python\"}|'files' must be at least one file",
                "{\"language\":\"py\",\"files\":[{}]}|'files[0].content' must be there",
                "{\"language\":\"py\",\"files\":[{\"content\":\"x\"}],\"cases\":[]}|'cases' must be 1 to 1000 objects",
                "{\"language\":\"py\",\"files\":[{\"content\":\"x\"}],\"run\":{\"wallMillis\":0}}"
                        + "|'run.wallMillis' must be from 1 to 600000",
                "{\"language\":\"py\",\"files\":[{\"content\":\"x\"}],\"priority\":11}|'priority' must be from -10 to"
                        + " 10",
                "{\"language\":\"py\",\"async\":true,\"files\":[{\"name\":\"../x\",\"content\":\"\"}]}|the file name"
                        + " '../x' leads outside of the job's folder",
                "{\"language\":\"py\",\"async\":true,\"files\":[{\"content\":\"x\"}],\"arguments\":[\"a\\u0000\"]}"
                        + "|'a?' must not contain NUL",
                "{\"language\":\"py\",\"async\":true,\"files\":[{\"content\":\"x\"}],\"environment\":{\"a=\":\"\"}}"
                        + "|'a=' is not a name of an environment variable",
                "{\"language\":\"py\",\"files\":[{\"content\":\"x\"}],\"compare\":{\"kind\":\"fuzzy\"}}"
                        + "|'compare.kind' must be 'exact', 'token' or 'float'",
            })
    void whatIsWrongIsNamed(String body, String message) throws Exception {
        post(body).fails(400, message);
    }
}
