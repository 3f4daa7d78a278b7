package dev.skerry.host.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The process that forks shims dies or hangs. An empty plan is refused, which takes an answer. */
class SpawnerTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration BLINK = Duration.ofMillis(100);

    private final Spawner spawner = Spawner.start(guestd());

    @AfterEach
    void close() {
        spawner.close();
    }

    private static Path guestd() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(root.resolve("native"))) {
            root = root.getParent();
        }
        String built = root.resolve("native/build/x86_64").toString();
        Path program = Path.of(System.getProperty("skerry.native.dir", built), "guestd");
        assertThat(program).as("run `make -C native`").isExecutable();
        return program;
    }

    private void answers() {
        assertThatThrownBy(() -> spawner.spawn(new ShimPlan(), SOON))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("errno 22");
    }

    private void signal(String name) throws IOException, InterruptedException {
        String pid = Long.toString(spawner.pid());
        assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor())
                .isZero();
    }

    @Test
    void oneThatWasKilledIsReplaced() throws Exception {
        answers();
        ProcessHandle first = ProcessHandle.of(spawner.pid()).orElseThrow();
        signal("KILL");
        first.onExit().join();
        answers();
        assertThat(spawner.pid()).isNotEqualTo(first.pid());
    }

    @Test
    void oneThatDoesNotAnswerIsReplaced() throws Exception {
        signal("STOP");
        assertThatThrownBy(() -> spawner.spawn(new ShimPlan(), BLINK))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
        answers();
    }
}
