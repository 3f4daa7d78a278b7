package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What signals do to {@code exec}, which runs in a process of its own here. */
class ExecSignalTest {
    private final FakeE2b server = new FakeE2b();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    @AfterEach
    void stop() {
        server.close();
    }

    private Shipped exec(String... command) {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                path,
                Main.class.getName(),
                "exec",
                "--data",
                data.toString(),
                "--url",
                server.url(),
                "--key",
                FakeE2b.KEY,
                FakeE2b.ID));
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
}
