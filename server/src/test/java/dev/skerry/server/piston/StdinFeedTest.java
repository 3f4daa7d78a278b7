package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class StdinFeedTest {
    private final StdinFeed feed = new StdinFeed();

    /** Of the platform: of those it can be seen that they wait. */
    private Thread typist() throws InterruptedException {
        feed.put(new byte[StdinFeed.BYTES_MAX]);
        Thread typist = Thread.ofPlatform().start(() -> {
            try {
                feed.put(new byte[] {7});
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        while (typist.getState() != Thread.State.WAITING) {
            assertThat(typist.isAlive()).as("it waits for room").isTrue();
            Thread.onSpinWait();
        }
        return typist;
    }

    @Test
    void whoWaitsForRoomGoesWhenNobodyReadsAnyMore() throws Exception {
        Thread typist = typist();
        feed.close();
        typist.join();
    }

    @Test
    void whoWaitsForRoomHasItOnceTheProgramReads() throws Exception {
        Thread typist = typist();
        ByteArrayOutputStream stdin = new ByteArrayOutputStream();
        Thread program = Thread.ofPlatform().start(() -> feed.pour(stdin));
        typist.join();
        feed.end();
        program.join();
        assertThat(stdin.toByteArray()).hasSize(StdinFeed.BYTES_MAX + 1).endsWith(7);
    }
}
