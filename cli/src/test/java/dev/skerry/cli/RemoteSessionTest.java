package dev.skerry.cli;

import static dev.skerry.cli.FakeE2b.ID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code exec}, with real processes behind a fake server. */
class RemoteSessionTest {
    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();

    @BeforeEach
    void knowTheServer() {
        commanded.environment.put("SKERRY_DATA", "/nowhere");
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void bothStreamsAndTheExitCodePassThrough() {
        assertThat(commanded.skerry("exec", ID, "sh", "-c", "printf 'a\\0\\377'; echo oops >&2; exit 7"))
                .isEqualTo(7);
        assertThat(commanded.stdout.toByteArray()).containsExactly('a', 0, 0xff);
        assertThat(commanded.err()).isEqualTo("oops\n");
        JsonNode request = server.envd.started.getFirst();
        assertThat(request.get("stdin").asBoolean()).isFalse();
        assertThat(request.has("pty")).isFalse();
        assertThat(server.asked("POST", "/process.Process/Start").getFirst().header("Authorization"))
                .as("the template's user")
                .isEmpty();
    }

    @Test
    void whatFollowsTheIdBelongsToTheCommand() {
        assertThat(commanded.skerry(
                        "exec", "-e", "A=b=c", "-w", "/tmp", "-u", "root", ID, "sh", "-c", "pwd; echo $A", "-i"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("/tmp\nb=c\n");
        JsonNode process = server.envd.started.getFirst().get("process");
        assertThat(process.get("args").toString()).isEqualTo("[\"-c\",\"pwd; echo $A\",\"-i\"]");
        assertThat(process.get("envs").toString()).isEqualTo("{\"A\":\"b=c\"}");
        assertThat(server.asked("POST", "/process.Process/Start").getFirst().header("Authorization"))
                .isEqualTo("Basic cm9vdDo=");
    }

    @Test
    void inputArrivesWholeAndInOrder() {
        commanded.input = new byte[300_000];
        new Random(1).nextBytes(commanded.input);
        assertThat(commanded.skerry("exec", "-i", ID, "cat")).isZero();
        assertThat(commanded.stdout.toByteArray()).isEqualTo(commanded.input);
    }

    @Test
    void withoutInteractiveThereIsNoInput() {
        commanded.input = "never sent".getBytes(StandardCharsets.UTF_8);
        assertThat(commanded.skerry("exec", ID, "cat")).isZero();
        assertThat(commanded.out()).isEmpty();
        assertThat(server.asked("POST", "/process.Process/SendInput")).isEmpty();
    }

    @Test
    void aCommandThatReadsNothingIsNotWaitedFor() {
        commanded.input = new byte[1 << 20];
        assertThat(commanded.skerry("exec", "-i", ID, "true")).isZero();
    }

    @Test
    void aSignalHasItsExitCode() {
        assertThat(commanded.skerry("exec", ID, FakeEnvd.KILLED)).isEqualTo(137);
        assertThat(commanded.err()).contains("signal: killed");
    }

    @Test
    void aCommandThatIsNotThereIsOneOfTheShells() {
        assertThat(commanded.skerry("exec", ID, "/no/such/program")).isEqualTo(127);
        assertThat(commanded.err()).contains("'/no/such/program'").contains("No such file or directory");
        assertThat(commanded.skerry("exec", ID, "/etc/passwd"))
                .as("not executable")
                .isEqualTo(126);
        assertThat(commanded.err()).contains("Permission denied");
    }

    @Test
    void aStreamThatBreaksSaysThatTheCommandMayGoOn() {
        assertThat(commanded.skerry("exec", ID, FakeEnvd.BROKEN)).isEqualTo(125);
        assertThat(commanded.out()).isEqualTo("half");
        assertThat(commanded.err()).contains("broke").contains("goes on in it as process 7");
    }

    @Test
    void aLineBeforeTheCommandIsNotTheCommand() {
        assertThat(commanded.skerry("exec", ID, "--", "sh", "-c", "echo \"$@\"", "sh", "--", "x"))
                .isZero();
        assertThat(commanded.out()).isEqualTo("-- x\n");
    }

    @Test
    void aPausedSandboxIsNotAskedUnlessItResumesByItself() {
        server.box("paused", false);
        assertThat(commanded.skerry("exec", ID, "true")).isEqualTo(125);
        assertThat(commanded.err()).contains("is paused").contains("./skerry resume " + ID);
        server.box("paused", true);
        assertThat(commanded.skerry("exec", ID, "true")).isZero();
    }

    @Test
    void aSandboxThatIsNotThereIsSaidToBeSo() {
        server.on("GET /sandboxes/gone", 404, "{\"code\":404,\"message\":\"Sandbox \\\"gone\\\" doesn't exist\"}");
        assertThat(commanded.skerry("exec", "gone", "true")).isEqualTo(125);
        assertThat(commanded.err()).contains("doesn't exist");
    }

    @Test
    void whoseOutputNobodyReadsIsEnded() {
        var closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        assertThat(commanded.skerryTo(closed, "exec", ID, "yes")).isEqualTo(141);
        assertThat(server.envd.signals).first().isEqualTo("SIGNAL_SIGTERM");
    }

    @Test
    void aTerminalIsNeededForOne() {
        assertThat(commanded.skerry("exec", "-it", ID, "sh")).isEqualTo(2);
        assertThat(commanded.err()).contains("not a terminal").contains("leave -t out");
        assertThat(server.envd.started).isEmpty();
    }
}
