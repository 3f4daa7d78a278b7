package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What signals do to {@code serve}, in a process of its own. */
class StopSignalsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    private Shipped start() {
        // Surefire hides the class path in the manifest of a jar.
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        // Whoever runs the tests may have told them to ignore SIGHUP, as nohup(1) does, and children inherit that.
        Shipped server = Shipped.startProgram(List.of(
                "env",
                "--default-signal",
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                path,
                SlowServer.class.getName(),
                data.toString()));
        server.awaitOutput("ready");
        return server;
    }

    @ParameterizedTest
    @CsvSource({"TERM", "INT", "HUP"})
    void theFirstLetsRequestsEndAndTheExitIsInOrder(String signal) {
        try (Shipped server = start()) {
            server.signal(signal);
            server.awaitOutput("stopping");
            server.type("x");
            assertThat(server.await().code()).isZero();
        }
    }

    @Test
    void theSecondDoesNotWait() {
        try (Shipped server = start()) {
            server.signal("INT");
            server.awaitOutput("stopping");
            server.signal("TERM");
            assertThat(server.await().code()).isEqualTo(143);
        }
    }
}
