package dev.skerry.server.gateway;

import dev.skerry.server.http.Tunnel;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Bytes in both directions after an upgrade, until either side has ended. */
final class Pump {
    private static final int BUFFER_BYTES = 16 << 10;

    /** How long a program may go on after its client has said its last. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(10);

    private Pump() {}

    /** Returns when both directions have ended. Who interrupts the thread ends them. */
    static void run(Tunnel tunnel, Upstream upstream, ScheduledExecutorService clock) throws IOException {
        Thread inward = Thread.ofVirtual().name("tunnel").start(() -> inward(tunnel, upstream, clock));
        try (OutputStream out = tunnel.output()) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = upstream.read(buffer, 0, BUFFER_BYTES);
                    count >= 0;
                    count = upstream.read(buffer, 0, BUFFER_BYTES)) {
                out.write(buffer, 0, count);
            }
        } finally {
            tunnel.close();
            upstream.close();
            inward.interrupt();
        }
    }

    private static void inward(Tunnel tunnel, Upstream upstream, ScheduledExecutorService clock) {
        try {
            InputStream in = tunnel.input();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                upstream.write(buffer, 0, count);
            }
            upstream.endOutput();
            var _ = clock.schedule(upstream::close, LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException | Failure e) {
            // One side is gone, so the other has nobody to talk to.
            upstream.close();
        }
    }
}
