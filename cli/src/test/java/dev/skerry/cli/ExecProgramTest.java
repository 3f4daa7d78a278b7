package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What signals and terminals do to {@code exec}, which runs in a process of its own here. */
class ExecProgramTest {
    private final FakeE2b server = new FakeE2b();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    @AfterEach
    void stop() {
        server.close();
    }

    private List<String> words(String... exec) {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                path,
                Main.class.getName(),
                "exec",
                "--data",
                data.toString(),
                "--url",
                server.url(),
                "--key",
                FakeE2b.KEY));
        words.addAll(List.of(exec));
        return words;
    }

    private Shipped exec(String... command) {
        List<String> words = words(FakeE2b.ID);
        words.addAll(List.of(command));
        return Shipped.startProgram(words);
    }

    @Test
    void ctrlCEndsTheCommand() {
        try (Shipped running = exec("sh", "-c", "echo up; exec sleep 600")) {
            running.awaitOutput("up");
            running.signal("INT");
            assertThat(running.await().code()).isEqualTo(130);
        }
        assertThat(server.envd.signals).containsExactly("SIGNAL_SIGTERM");
    }

    @Test
    void aCommandThatIgnoresItIsKilled() {
        try (Shipped running = exec("sh", "-c", "trap '' TERM; echo up; exec sleep 600")) {
            running.awaitOutput("up");
            running.signal("TERM");
            assertThat(running.await().code()).isEqualTo(143);
        }
        assertThat(server.envd.signals).containsExactly("SIGNAL_SIGTERM", "SIGNAL_SIGKILL");
    }

    /** script(1) gives the command a terminal of its own. */
    @Test
    void aTerminalHasItsSizeAndPassesKeysOn() throws IOException {
        List<String> words = words("-it", FakeE2b.ID, "sh", "-c", "echo up; read x; echo got $x; exit 5");
        String line = words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        Path script = Files.writeString(data.resolve("script"), "stty rows 33 cols 101; exec " + line + "\n");
        try (Shipped running = Shipped.startProgram(List.of("/usr/bin/script", "-qec", "sh " + script, "/dev/null"))) {
            running.awaitOutput("up");
            running.type("wo\003rd\n");
            running.awaitOutput("got wo\003rd");
            assertThat(running.await().code()).isEqualTo(5);
        }
        var start = server.envd.started.getFirst();
        assertThat(start.get("pty").get("size").toString()).isEqualTo("{\"cols\":101,\"rows\":33}");
        assertThat(start.get("process").get("envs").has("TERM")).isTrue();
        assertThat(server.envd.signals).as("Ctrl-C is a key there").isEmpty();
    }
}
