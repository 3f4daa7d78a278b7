package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final Process process;

    ProcessIdentityTest() throws Exception {
        process = new ProcessBuilder("sleep", "600").start();
    }

    @AfterEach
    void end() {
        process.destroyForcibly().onExit().join();
    }

    @Test
    void aProcessThatStandsStillIsEndedToo() throws Exception {
        ProcessIdentity identity = ProcessIdentity.of(process.pid()).orElseThrow();
        int stopped = new ProcessBuilder("kill", "-STOP", Long.toString(process.pid()))
                .start()
                .waitFor();
        assertThat(stopped).isZero();

        assertThat(identity.kill(BOUND)).isTrue();
        assertThat(process.waitFor()).isEqualTo(128 + 9);
        assertThat(identity.kill(BOUND)).as("again").isTrue();
    }

    @Test
    void aLaterProcessWithTheSamePidIsLeftAlone() throws Exception {
        ProcessIdentity living = ProcessIdentity.of(process.pid()).orElseThrow();
        ProcessIdentity earlier = new ProcessIdentity(living.pid(), living.startTicks() - 1);

        assertThat(earlier.kill(BOUND)).isTrue();
        assertThat(living.alive()).isTrue();
    }
}
