package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OpenStreamsTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final long SOON_SECONDS = 20;

    private final OpenStreams streams = new OpenStreams();
    private final CountDownLatch inside = new CountDownLatch(1);

    /** Whether the answer was interrupted. */
    private CompletableFuture<Boolean> answering(boolean endless, CountDownLatch done) {
        return CompletableFuture.supplyAsync(() -> {
            try (OpenStreams.Entry _ = streams.enter()) {
                if (endless) {
                    streams.endless();
                }
                inside.countDown();
                done.await();
                return false;
            } catch (InterruptedException e) {
                return true;
            }
        });
    }

    @Test
    void aPauseDoesNotWaitForAnAnswerThatNeverEnds() throws Exception {
        CompletableFuture<Boolean> answer = answering(true, new CountDownLatch(1));
        inside.await();
        long begun = System.nanoTime();
        streams.drain(LONG);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(LONG.dividedBy(2));
        assertThat(answer.get(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(streams.size()).isZero();
    }

    @Test
    void aPauseWaitsForAnAnswerThatEnds() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        CompletableFuture<Boolean> answer = answering(false, done);
        inside.await();
        CompletableFuture<Void> pause = CompletableFuture.runAsync(() -> {
            try {
                streams.drain(LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        done.countDown();
        pause.get(SOON_SECONDS, TimeUnit.SECONDS);
        assertThat(answer.get(SOON_SECONDS, TimeUnit.SECONDS)).isFalse();
    }
}
