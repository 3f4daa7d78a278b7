package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {
    private static final Duration BOUND = Duration.ofSeconds(20);

    /** What looks after sandboxes is interrupted when the lease is over: it must not think then that they are dead. */
    @Test
    void aProcessLivesForOneWhoIsInterruptedToo() {
        ProcessIdentity self = ProcessIdentity.self();
        Thread.currentThread().interrupt();
        try {
            assertThat(self.alive()).isTrue();
            assertThat(self.stopped()).isFalse();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aProcessIsKilledAndNoLongerAliveThen() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sleep", "1000").start();
        ProcessIdentity identity = ProcessIdentity.of(process.pid()).orElseThrow();
        assertThat(identity.alive()).isTrue();
        assertThat(identity.kill(BOUND)).isTrue();
        assertThat(identity.alive()).isFalse();
        assertThat(identity.kill(BOUND)).isTrue();
    }
}
