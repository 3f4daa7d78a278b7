package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class ConduitTest {
    private static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }

    private static OutputStream stuckUntil(CountDownLatch latch) {
        return new OutputStream() {
            @Override
            public void write(int each) throws IOException {
                try {
                    latch.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            }
        };
    }

    @Test
    void whatIsPutArrivesInOrderAndThenTheEnd() {
        CountDownLatch closed = new CountDownLatch(1);
        ByteArrayOutputStream got = new ByteArrayOutputStream() {
            @Override
            public void close() {
                closed.countDown();
            }
        };
        Conduit conduit = new Conduit(got, in(Duration.ofSeconds(5)));
        for (int i = 0; i < 100; i++) {
            conduit.put(Works.bytes(i + "\n"));
        }
        conduit.finish();
        JobQueueTest.eventually(() -> closed.getCount() == 0);
        assertThat(got.toString(StandardCharsets.UTF_8))
                .hasLineCount(100)
                .startsWith("0\n1\n")
                .endsWith("99\n");
    }

    /** A host that does not notice that its program has died: nobody waits beyond the time of the case. */
    @Test
    void whoWritesToSomebodyWhoNeverReadsIsLetGoInTime() {
        CountDownLatch never = new CountDownLatch(1);
        OutputStream stuck = stuckUntil(never);
        long begun = System.nanoTime();
        Conduit conduit = new Conduit(stuck, in(Duration.ofMillis(300)));
        for (int i = 0; i < 5; i++) {
            conduit.put(new byte[Conduit.BYTES_MAX]);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
        conduit.breakOff();
        never.countDown();
    }

    @Test
    void whoWritesToSomebodyWhoHasGoneIsLetGoAtOnce() {
        CountDownLatch never = new CountDownLatch(1);
        OutputStream stuck = stuckUntil(never);
        Conduit conduit = new Conduit(stuck, in(Duration.ofHours(1)));
        conduit.put(new byte[Conduit.BYTES_MAX]);
        Thread writer = Thread.ofVirtual().start(() -> conduit.put(new byte[1]));
        JobQueueTest.eventually(() -> writer.getState() == Thread.State.TIMED_WAITING);
        conduit.breakOff();
        JobQueueTest.eventually(() -> !writer.isAlive());
    }
}
