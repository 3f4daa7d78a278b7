package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobsCommandTest {
    private static final String JOBS = "/skerry/v1/jobs";
    private static final String CASE = """
        {"verdict":"%s","run":{"stdout":"%s","stderr":"","wallMillis":20,"cpuMillis":10,"memoryPeakBytes":1048576}}\
        """;

    @TempDir
    private Path folder;

    private final Commanded commanded = new Commanded();
    private FakeE2b server;

    @BeforeEach
    void open() throws IOException {
        server = new FakeE2b();
        commanded.environment.put("E2B_API_URL", server.url());
        commanded.environment.put("E2B_API_KEY", FakeE2b.KEY);
        server.on("POST " + JOBS, 202, "{\"token\":\"t1\",\"state\":\"waiting\"}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private static String ended(String verdict, String cases) {
        return "{\"token\":\"t1\",\"state\":\"ended\",\"attempts\":1,\"result\":{\"verdict\":\"" + verdict
                + "\",\"trust\":{\"rule\":\"tenant:a=gvisor\",\"floor\":\"gvisor\",\"achieved\":\"microvm\"},"
                + "\"cases\":[" + cases + "]}}";
    }

    @Test
    void aProgramIsRunAndItsOutputPrinted() throws Exception {
        server.on("GET " + JOBS + "/t1", 200, "{\"token\":\"t1\",\"state\":\"running\"}");
        server.on("GET " + JOBS + "/t1", 200, ended("accepted", CASE.formatted("accepted", "hi\\n")));
        assertThat(commanded.skerry("jobs", "run", "--lang", "lua:5.4.6", file("main.x", "print(1)"), "--", "-x", "y"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("hi\n");
        assertThat(server.asked("POST", JOBS).getFirst().body())
                .isEqualTo("{\"language\":\"lua\",\"version\":\"5.4.6\","
                        + "\"files\":[{\"name\":\"main.x\",\"contentBase64\":\"cHJpbnQoMSk=\"}],"
                        + "\"arguments\":[\"-x\",\"y\"],\"async\":true}");
        assertThat(server.asked("GET", JOBS + "/t1")).hasSize(2).allSatisfy(asked -> assertThat(asked.query())
                .matches("wait=[0-9]+ms"));
    }

    @Test
    void casesAreJudgedAndTheVerdictIsTheExitCode() throws Exception {
        server.on(
                "GET " + JOBS + "/t1",
                200,
                ended("wrong_answer", CASE.formatted("accepted", "1") + "," + CASE.formatted("wrong_answer", "2")));
        String input = file("1.in", "1 2");
        String expected = file("1.out", "3");
        assertThat(commanded.skerry(
                        "jobs",
                        "run",
                        file("sum.py", "x"),
                        "--case",
                        input + ":" + expected,
                        "--case",
                        input,
                        "--stop-on-failure",
                        "--timeout",
                        "2s",
                        "--compare",
                        "exact"))
                .isOne();
        assertThat(commanded.out())
                .containsPattern("1 +accepted +20 ms +10 ms +1 MiB\n2 +wrong_answer")
                .endsWith("\nwrong_answer\n");
        assertThat(server.asked("POST", JOBS).getFirst().body())
                .contains("\"language\":\"python\"", "\"run\":{\"wallMillis\":2000}")
                .contains("\"cases\":[{\"stdinBase64\":\"MSAy\",\"expectedBase64\":\"Mw==\"},"
                        + "{\"stdinBase64\":\"MSAy\"}]")
                .contains("\"compare\":{\"kind\":\"exact\"},\"stopOnFailure\":true");
        assertThat(commanded.skerry("jobs", "run", file("x.unknown", "x"))).isEqualTo(2);
        assertThat(commanded.skerry("jobs", "run", folder + "/absent.py")).isEqualTo(2);
    }

    @Test
    void onesThatWereHandedInAreListedShownAwaitedAndCancelled() throws Exception {
        assertThat(commanded.skerry("jobs", "run", "-d", file("a.py", "x"))).isZero();
        assertThat(commanded.out()).isEqualTo("t1\n");
        server.on("GET " + JOBS, 200, "[{\"token\":\"t1\",\"state\":\"waiting\",\"attempts\":0}]");
        assertThat(commanded.skerry("jobs", "ls", "--state", "waiting", "--limit", "5"))
                .isZero();
        assertThat(commanded.out()).containsPattern("t1 +waiting +- +- +- +0\n");
        assertThat(server.asked("GET", JOBS).getFirst().query()).isEqualTo("state=waiting&limit=5");
        server.on("GET " + JOBS + "/t1", 200, "{\"token\":\"t1\",\"state\":\"running\"}");
        assertThat(commanded.skerry("jobs", "wait", "t1", "--timeout", "1ms")).isEqualTo(124);
        assertThat(commanded.err()).contains("job t1 is running still");
        server.on("GET " + JOBS + "/t1", 200, "{\"token\":\"t1\",\"state\":\"running\"}");
        assertThat(commanded.skerry("jobs", "logs", "t1")).isEqualTo(125);
        server.on("GET " + JOBS + "/t1", 200, ended("time_limit", CASE.formatted("time_limit", "so far")));
        assertThat(commanded.skerry("jobs", "wait", "t1")).isOne();
        assertThat(commanded.err()).contains("time_limit");
        assertThat(commanded.skerry("jobs", "show", "t1")).isZero();
        assertThat(commanded.out())
                .contains("microvm, at least gvisor by tenant:a=gvisor")
                .containsPattern("STATE +ended\n");
        assertThat(commanded.skerry("jobs", "logs", "t1")).isZero();
        assertThat(commanded.out()).isEqualTo("so far");
        server.on("DELETE " + JOBS + "/t1", 204, "");
        assertThat(commanded.skerry("jobs", "cancel", "t1")).isZero();
        assertThat(commanded.skerry("jobs", "cancel", "../t1")).isEqualTo(2);
    }
}
