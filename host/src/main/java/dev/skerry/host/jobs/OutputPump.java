package dev.skerry.host.jobs;

import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Carries one output stream of a process to where it shall go, up to a limit, on a thread of its own. What is over the
 * limit is read and dropped until the process is dead, so that it cannot block the stream's other users.
 */
final class OutputPump {
    private static final int CHUNK_BYTES = 64 << 10;

    private final InputStream from;
    private final Optional<OutputStream> to;
    private final long limitBytes;
    private final Runnable kill;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Thread thread;
    private long bytes;
    private boolean truncated;

    /** @param kill called, at most once, when the limit is passed or nobody reads any longer */
    OutputPump(InputStream from, Optional<OutputStream> to, long limitBytes, Runnable kill) {
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
        boolean unread = room > 0 && !write(buffer, room);
        if (unread || (truncated && !wasTruncated)) {
            kill.run();
        }
    }

    private boolean write(byte[] buffer, int n) {
        try {
            if (to.isPresent()) {
                to.get().write(buffer, 0, n);
                to.get().flush();
            } else {
                kept.write(buffer, 0, n);
            }
            return true;
        } catch (IOException e) {
            return false; // our own reader has gone away, as in `skerry run … | head`
        }
    }

    /** Waits until the stream has ended; the threads of a dead process end soon. */
    void join() throws InterruptedException {
        thread.join();
    }

    synchronized JobResult.Output output() {
        return new JobResult.Output(kept.toByteArray(), bytes, truncated);
    }
}
