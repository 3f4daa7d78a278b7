package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Jobs of the shipped server, in real sandboxes: judged, two that talk, and across the server's sudden end. */
@ExtendWith(SharedServer.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsIT {
    private static final String JOBS = "/skerry/v1/jobs";
    private static final Duration SERVES_AGAIN = Duration.ofSeconds(60);
    private static final Pattern TOKEN = Pattern.compile("\"token\":\"([0-9a-z]{25})\"");

    private static final Pattern RUNNING = Pattern.compile("(?m)^skerry_jobs_running (\\S+)$");

    private static final String GUESSES = """
        low, high = 0, 100
        while True:
            middle = (low + high) // 2
            print(middle, flush=True)
            answer = input()
            if answer == 'right':
                break
            low, high = (middle + 1, high) if answer == 'more' else (low, middle)
        """;

    private static final String ANSWERS = """
        #include <stdio.h>
        #include <stdlib.h>
        int main(int count, char **words) {
            int secret = atoi(words[1]), guess;
            for (int i = 0; i < 8 && scanf("%d", &guess) == 1; i++) {
                puts(guess == secret ? "right" : guess < secret ? "more" : "less");
                fflush(stdout);
                if (guess == secret) return 0;
            }
            return 1;
        }
        """;

    private ShippedServer server;

    @BeforeAll
    void use(ShippedServer shared) {
        server = shared;
    }

    @AfterAll
    void leaveItServing() {
        server.startUnlessAlive();
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    private static String job(String language, String program, String more) {
        return "{\"language\":\"" + language + "\",\"files\":[{\"name\":\"main." + (language.equals("c") ? "c" : "py")
                + "\",\"content\":" + quoted(program) + "}]" + more + "}";
    }

    private String judged(String body) {
        HttpResponse<String> answer = server.call("POST", JOBS, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void aProgramIsJudgedWithManyInputs() {
        String cases = ",\"stopOnFailure\":true,\"cases\":[{\"stdin\":\"1 2\",\"expected\":\"3\"},"
                + "{\"stdin\":\"5 6\",\"expected\":\"12\"},{\"stdin\":\"1 1\",\"expected\":\"2\"}]";
        String answer = judged(job("python", "print(sum(map(int, input().split())))", cases));
        assertThat(answer)
                .startsWith("{\"verdict\":\"wrong_answer\",\"passed\":1,")
                .contains("\"verdict\":\"skipped\"", "\"achieved\":\"container\"");
    }

    @Test
    void twoProgramsTalkAndNeitherHangs() {
        String interactor = ",\"run\":{\"wallMillis\":2000},\"interactor\":" + job("c", ANSWERS, "")
                + ",\"cases\":[{\"interactorArguments\":[\"17\"]},{\"interactorArguments\":[\"99\"]}]";
        assertThat(judged(job("python", GUESSES, interactor))).startsWith("{\"verdict\":\"accepted\",\"passed\":2,");
        assertThat(judged(job("python", "1 / 0", interactor))).startsWith("{\"verdict\":\"runtime_error\",");
        assertThat(judged(job("python", "import time; time.sleep(60)", interactor)))
                .startsWith("{\"verdict\":\"time_limit\",");
    }

    private long running() {
        Matcher gauge = RUNNING.matcher(server.call("GET", "/metrics", "").body());
        assertThat(gauge.find()).isTrue();
        return Math.round(Double.parseDouble(gauge.group(1)));
    }

    /** Its program would sleep for a minute. */
    @Test
    void whoHangsUpEndsTheProgramThatWasRunForHim() throws Exception {
        long before = running();
        String body = job("python", "import time; time.sleep(60)", ",\"run\":{\"wallMillis\":60000}");
        URI url = URI.create(server.url());
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
            String head = "POST " + JOBS + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "X-API-Key: " + server.settings().get("E2B_API_KEY") + "\r\nContent-Length: " + body.length()
                    + "\r\n\r\n";
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
            Deadline.await("the job to run", SERVES_AGAIN, () -> running() > before);
        }
        Duration took = Deadline.await("the job to end", Duration.ofSeconds(10), () -> running() == before);
        System.out.println("a program whose client hung up has ended after " + took.toMillis() + " ms");
    }

    @Test
    void whatWasHandedInIsRunAlthoughTheServerIsKilled() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String body = job("python", "import time; time.sleep(2); print(" + i + ")", ",\"async\":true");
            HttpResponse<String> taken = server.call("POST", JOBS, body);
            assertThat(taken.statusCode()).isEqualTo(202);
            Matcher token = TOKEN.matcher(taken.body());
            assertThat(token.find()).isTrue();
            tokens.add(token.group(1));
        }
        Deadline.await("a job that runs", SERVES_AGAIN, () -> server.call("GET", JOBS + "?state=running", "")
                .body()
                .contains(tokens.getFirst()));
        server.kill();
        server.startAgain(SERVES_AGAIN);
        for (int i = 0; i < tokens.size(); i++) {
            String path = JOBS + "/" + tokens.get(i) + "?wait=2s";
            Deadline.await("a job's end", SERVES_AGAIN, () -> server.call("GET", path, "")
                    .body()
                    .contains("\"state\":\"ended\""));
            String ended = server.call("GET", path, "").body();
            assertThat(ended)
                    .contains("\"verdict\":\"accepted\"", "\"stdout\":\"" + i + "\\n\"")
                    .contains(i == 0 ? "\"attempts\":2" : "\"attempts\":");
        }
    }
}
