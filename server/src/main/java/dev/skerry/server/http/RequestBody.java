package dev.skerry.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * A request's content, read by blocking, by one thread at a time. Unlike Jetty's own stream it can be read on after a
 * read was interrupted, so that what a handler has left can be thrown away.
 */
final class RequestBody extends InputStream {
    private final Request request;
    private final Semaphore ready = new Semaphore(0);
    private final Invocable.Task signal = Invocable.from(Invocable.InvocationType.NON_BLOCKING, ready::release);
    private Content.@Nullable Chunk chunk;

    /** Jetty takes one demand at a time and none back. */
    private boolean demanded;

    private boolean touched;
    private boolean ended;

    RequestBody(Request request) {
        this.request = request;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        try {
            Content.Chunk current = await(Long.MAX_VALUE);
            if (current == null) {
                return -1;
            }
            int count = current.get(into, offset, length);
            if (!current.hasRemaining()) {
                release(current);
            }
            return count;
        } catch (InterruptedException e) {
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while reading a request");
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    @Override
    public int available() {
        return chunk == null ? 0 : chunk.remaining();
    }

    /** A chunk with bytes; nothing at the end, or when none came in time. */
    private Content.@Nullable Chunk await(long nanos) throws IOException, InterruptedException {
        touched = true;
        while (!ended && chunk == null) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Content.Chunk next = demanded && ready.availablePermits() == 0 ? null : request.read();
            if (next == null) {
                if (!demanded) {
                    demanded = true;
                    request.demand(signal);
                }
                if (!ready.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
                    return null;
                }
                demanded = false;
            } else if (Content.Chunk.isFailure(next)) {
                throw new IOException("the request broke off", next.getFailure());
            } else if (next.hasRemaining()) {
                chunk = next;
            } else {
                release(next);
            }
        }
        return chunk;
    }

    private void release(Content.Chunk done) {
        ended |= done.isLast();
        done.release();
        chunk = null;
    }

    /**
     * Throws away what nobody has read, so that a client that still sends sees the answer: a connection that is closed
     * under its bytes is reset, and the answer with it. Gives up after that time or that many bytes.
     */
    void discard(Duration bound, long bytesMax) throws IOException, InterruptedException {
        if (!touched && request.getHeaders().contains("Expect")) {
            // Reading would invite the client to send.
            return;
        }
        long end = System.nanoTime() + bound.toNanos();
        long left = bytesMax;
        while (left > 0) {
            Content.Chunk current = await(Math.max(0, end - System.nanoTime()));
            if (current == null) {
                return;
            }
            left -= current.remaining();
            release(current);
        }
    }
}
