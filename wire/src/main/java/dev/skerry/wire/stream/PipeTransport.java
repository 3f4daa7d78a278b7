package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * A guest at the other end of two pipes, without a shim. Pipes block their threads, so these are platform threads, and
 * every frame takes a change of thread more than through a shim's socket.
 */
public final class PipeTransport implements Transport {
    private static final int CHUNK_BYTES = 64 << 10;

    private final InputStream in;
    private final OutputStream out;
    private final Loopback loopback;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private final Outbox outbox =
            new Outbox(new Pipe(), Thread.ofPlatform().daemon().name("guest-writer"));

    public PipeTransport(InputStream in, OutputStream out) {
        this(in, out, Loopback.NONE);
    }

    public PipeTransport(InputStream in, OutputStream out, Loopback loopback) {
        this.in = in;
        this.out = out;
        this.loopback = loopback;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int got = in.read(chunk, 0, Math.min(chunk.length, into.remaining()));
        if (got > 0) {
            into.put(chunk, 0, got);
        }
        return got;
    }

    @Override
    public Loopback loopback() {
        return loopback;
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public Thread.Builder readerThread() {
        return Thread.ofPlatform().daemon().name("guest-reader");
    }

    @Override
    public void shimFrame(int type, Fields fields) throws ProtocolViolation {
        throw new ProtocolViolation("a frame in the name of the shim");
    }

    @Override
    public void close() {
        outbox.close();
        // Closing a pipe of java.lang.Process waits for a write under way, which would wait for the guest.
        Thread.ofPlatform().daemon().name("guest-closer").start(this::closePipes);
    }

    private void closePipes() {
        try (in;
                out) {
            // Both ends are closed, whatever the first says.
        } catch (IOException e) {
            // What could not be flushed has no reader any more.
        }
    }

    private final class Pipe implements Outbox.Target {
        @Override
        public void writeSome(ByteBuffer[] parts) {
            // A pipe cannot be asked how much it takes.
        }

        @Override
        public void writeAll(byte[] bytes, int length) throws IOException {
            out.write(bytes, 0, length);
            out.flush();
        }

        @Override
        public void close() {
            PipeTransport.this.close();
        }
    }
}
