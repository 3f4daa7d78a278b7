package dev.skerry.server.logging;

import java.io.PrintStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/**
 * Writes records in the order in which they came, each as a whole. A {@link LaterRecord} waits for up to {@value
 * #GATHER_MILLIS} ms for others that go out in the same call; any other record, and the end of the process, takes those
 * that wait with it. When too many wait because the stream does not take them, whoever brings one more waits too.
 */
final class LogStream extends Handler {
    static final int GATHER_MILLIS = 20;
    private static final int WAITING_MAX = 4_096;
    private static final int PIECE_CHARACTERS = 64 << 10;

    private final PrintStream out;
    private final Queue<LogRecord> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final ReentrantLock writing = new ReentrantLock();
    private final Thread writer;

    /** The writer's thread waits for the first of many. */
    private volatile boolean asleep;

    private volatile boolean closed;

    LogStream(PrintStream out, Formatter formatter) {
        this.out = out;
        setFormatter(formatter);
        setErrorManager(new ErrorManager());
        this.writer = Thread.ofPlatform().name("log").daemon().start(this::write);
    }

    @Override
    public void publish(LogRecord record) {
        if (!isLoggable(record)) {
            return;
        }
        waiting.add(record);
        int now = count.incrementAndGet();
        if (!(record instanceof LaterRecord) || closed || now > WAITING_MAX) {
            flush();
        } else if (asleep) {
            asleep = false;
            LockSupport.unpark(writer);
        }
    }

    private void write() {
        while (!closed) {
            while (waiting.isEmpty() && !closed) {
                asleep = true; // before looking once more: whoever brings one looks at it afterwards
                if (waiting.isEmpty()) {
                    LockSupport.park(this);
                }
            }
            asleep = false;
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(GATHER_MILLIS));
            flush();
        }
    }

    /** Writes all that wait. */
    @Override
    public void flush() {
        writing.lock();
        try {
            StringBuilder lines = new StringBuilder();
            for (LogRecord record = waiting.poll(); record != null; record = waiting.poll()) {
                count.decrementAndGet();
                lines.append(getFormatter().format(record));
                if (lines.length() > PIECE_CHARACTERS) {
                    out.append(lines);
                    lines.setLength(0);
                }
            }
            out.append(lines);
            out.flush();
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        flush();
    }
}
