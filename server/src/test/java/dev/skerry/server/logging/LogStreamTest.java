package dev.skerry.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogStreamTest {
    private static final int MANY = 3_000;

    /** What was written, and in how many calls. */
    private static final class Calls extends OutputStream {
        private final StringBuilder text = new StringBuilder();
        private int flushes;
        private final CountDownLatch go;

        Calls(boolean open) {
            go = new CountDownLatch(open ? 0 : 1);
        }

        @Override
        public synchronized void write(int one) {
            text.append((char) one);
            notifyAll();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            for (int i = offset; i < offset + length; i++) {
                write(bytes[i]);
            }
        }

        @Override
        public synchronized void flush() {
            flushes++;
        }

        synchronized List<String> lines() {
            return text.toString().lines().toList();
        }

        synchronized void await(int lines) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (lines().size() < lines) {
                assertThat(System.nanoTime()).isLessThan(end);
                wait(1000);
            }
        }
    }

    private final Calls calls = new Calls(true);
    private final LogStream stream = over(calls);

    private static LogStream over(Calls calls) {
        return new LogStream(new PrintStream(calls, false, StandardCharsets.UTF_8), new Formatter() {
            @Override
            public String format(LogRecord record) {
                return record.getMessage() + "\n";
            }
        });
    }

    private static LogRecord later(String text) {
        return new Later(text);
    }

    private static final class Later extends LogRecord implements LaterRecord {
        private static final long serialVersionUID = 1L;

        private Later(String text) {
            super(Level.INFO, text);
        }
    }

    @AfterEach
    void close() {
        stream.close();
    }

    @Test
    void whatMayWaitGoesOutInFewCalls() throws Exception {
        List<String> expected =
                IntStream.range(0, MANY).mapToObj(Integer::toString).toList();
        expected.forEach(text -> stream.publish(later(text)));
        calls.await(MANY);
        assertThat(calls.lines()).isEqualTo(expected);
        assertThat(calls.flushes).isLessThan(MANY / 10);
        stream.publish(later("another"));
        calls.await(MANY + 1);
    }

    @Test
    void whatMayNotWaitTakesTheOthersWithIt() {
        stream.publish(later("a"));
        stream.publish(new LogRecord(Level.INFO, "b"));
        assertThat(calls.lines()).containsExactly("a", "b");
    }

    @Test
    void nothingIsLostAtTheEnd() {
        stream.publish(later("a"));
        stream.close();
        assertThat(calls.lines()).containsExactly("a");
        stream.publish(later("b"));
        assertThat(calls.lines()).containsExactly("a", "b");
    }

    @Test
    void whoBringsMoreThanAStreamTakesWaitsForIt() throws Exception {
        Calls stuck = new Calls(false);
        LogStream held = over(stuck);
        CountDownLatch all = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            IntStream.range(0, 10_000).forEach(i -> held.publish(later("x")));
            all.countDown();
        });
        assertThat(all.await(300, TimeUnit.MILLISECONDS)).isFalse();
        stuck.go.countDown();
        assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
        held.close();
        assertThat(stuck.lines()).hasSize(10_000);
    }
}
