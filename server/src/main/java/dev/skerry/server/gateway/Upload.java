package dev.skerry.server.gateway;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Carries a request's content to the program inside, on a thread of its own: the answer may come before its end. */
final class Upload implements AutoCloseable {
    private static final int BUFFER_BYTES = 32 << 10;
    private static final int PREFIX_BYTES = 8;
    private static final byte[] END = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** A program that knows nothing of "100 Continue" gets the content then (RFC 9110, section 10.1.1). */
    private static final long CONTINUE_MILLIS = 1000;

    private final InputStream content;
    private final Upstream upstream;
    private final Forwarding request;
    private final Watch watch;
    private final CountDownLatch wanted;
    private final Thread thread;
    private volatile boolean done;
    private volatile @Nullable IOException clientFailure;

    private Upload(InputStream content, Upstream upstream, Forwarding request, Watch watch) {
        this.content = content;
        this.upstream = upstream;
        this.request = request;
        this.watch = watch;
        this.wanted = new CountDownLatch(request.waits() ? 1 : 0);
        this.thread = Thread.ofVirtual().name("upload").unstarted(this::run);
    }

    static Upload start(InputStream content, Upstream upstream, Forwarding request, Watch watch) {
        Upload upload = new Upload(content, upstream, request, watch);
        upload.thread.start();
        return upload;
    }

    /** The program has said "100 Continue". */
    void proceed() {
        wanted.countDown();
    }

    /** Whether all of it has been written. */
    boolean done() {
        return done;
    }

    /** Why the client's content did not come to its end. */
    Optional<IOException> clientFailure() {
        return Optional.ofNullable(clientFailure);
    }

    private void run() {
        try {
            if (!wanted.await(CONTINUE_MILLIS, TimeUnit.MILLISECONDS)) {
                wanted.countDown();
            }
            copy();
            done = true;
        } catch (InterruptedException e) {
            // The answer is complete, or nobody wants it any more: the rest of the request is neither.
        } catch (Failure | IOException e) {
            // The program has stopped reading. What it has to say about it is its answer.
        }
    }

    private void copy() throws IOException {
        byte[] buffer = new byte[PREFIX_BYTES + BUFFER_BYTES + 2];
        for (int count = receive(buffer); count >= 0; count = receive(buffer)) {
            if (count > 0) {
                send(buffer, count);
                watch.touch();
            }
        }
        if (request.chunked()) {
            upstream.write(END, 0, END.length);
        }
        watch.touch();
    }

    private int receive(byte[] buffer) throws IOException {
        try {
            return content.read(buffer, PREFIX_BYTES, BUFFER_BYTES);
        } catch (IOException e) {
            clientFailure = e;
            // Nothing comes of it any more, and whoever waits for the answer has to hear so.
            upstream.close();
            throw e;
        }
    }

    private void send(byte[] buffer, int count) throws IOException {
        if (!request.chunked()) {
            upstream.write(buffer, PREFIX_BYTES, count);
            return;
        }
        byte[] size = (Integer.toHexString(count) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        int from = PREFIX_BYTES - size.length;
        System.arraycopy(size, 0, buffer, from, size.length);
        buffer[PREFIX_BYTES + count] = '\r';
        buffer[PREFIX_BYTES + count + 1] = '\n';
        upstream.write(buffer, from, size.length + count + 2);
    }

    /** Stops it, and waits: the request's content belongs to one thread at a time. */
    @Override
    public void close() {
        if (!done) {
            thread.interrupt();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                // It ends at once: it has been interrupted too.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
