package dev.skerry.host.jobs;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;

/**
 * Carries one output stream of a process to where it shall go, up to a limit, on a thread of its own. What is over the
 * limit is read and dropped until the process is dead, so that it cannot block the stream's other users.
 */
final class OutputPump {
    private static final int CHUNK_BYTES = 64 << 10;

    /** Where output goes. */
    interface Sink {
        /** @throws IOException when nobody takes it any longer */
        void take(byte[] bytes, int count) throws IOException;
    }

    private final InputStream from;
    private final Sink to;
    private final long limitBytes;
    private final Runnable kill;
    private final Thread thread;
    private long bytes;
    private boolean truncated;

    /** @param kill called, at most once, when the limit is passed or nobody reads any longer */
    OutputPump(InputStream from, Sink to, long limitBytes, Runnable kill) {
        this.from = from;
        this.to = to;
        this.limitBytes = limitBytes;
        this.kill = kill;
        this.thread = Thread.ofVirtual().name("output").start(this::run);
    }

    private void run() {
        byte[] buffer = new byte[CHUNK_BYTES];
        try {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                take(buffer, n);
            }
        } catch (IOException | Failure e) {
            // The sandbox ended in the middle of its output; how it ended is found out by whoever waits for it.
        }
    }

    private synchronized void take(byte[] buffer, int n) {
        int room = (int) Math.min(n, limitBytes - bytes);
        boolean wasTruncated = truncated;
        truncated |= room < n;
        bytes += room;
        boolean unread = room > 0 && !passOn(buffer, room);
        if (unread || (truncated && !wasTruncated)) {
            kill.run();
        }
    }

    private boolean passOn(byte[] buffer, int n) {
        try {
            to.take(buffer, n);
            return true;
        } catch (IOException e) {
            return false; // our own reader has gone away, as in `skerry run … | head`
        }
    }

    /** Waits until the stream has ended; the threads of a dead process end soon. */
    void join() throws InterruptedException {
        thread.join();
    }

    /** How many came out, up to the limit. */
    synchronized long bytes() {
        return bytes;
    }

    /** Whether more came than the limit. */
    synchronized boolean truncated() {
        return truncated;
    }
}
