package dev.skerry.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;

/** What is left of an HTTP/1.1 connection after an upgrade: bytes in both directions, read and written by blocking. */
public final class Tunnel extends AbstractConnection implements Connection.UpgradeTo {
    private static final int BUFFER_BYTES = 16 << 10;

    private final CountDownLatch opened = new CountDownLatch(1);
    private final ByteBuffer received = BufferUtil.allocate(BUFFER_BYTES);

    /** What came together with the request; replaced before anybody reads. */
    private ByteBuffer early = BufferUtil.EMPTY_BUFFER;

    private final long quietMillis;

    /** @param quietMillis how long there may be no byte in either direction */
    Tunnel(EndPoint endPoint, Executor executor, long quietMillis) {
        super(endPoint, executor);
        this.quietMillis = quietMillis;
    }

    @Override
    public void onUpgradeTo(ByteBuffer buffer) {
        early = BufferUtil.copy(buffer);
        buffer.position(buffer.limit());
    }

    @Override
    public void onOpen() {
        super.onOpen();
        // Until now it was that of a connection without a request.
        getEndPoint().setIdleTimeout(quietMillis);
        opened.countDown();
    }

    @Override
    public void onFillable() {
        // Nobody registers for it: reads wait with callbacks of their own.
    }

    void awaitOpen() throws InterruptedException {
        opened.await();
    }

    public InputStream input() {
        return new Input();
    }

    public OutputStream output() {
        return new Output();
    }

    private int fill(byte[] into, int offset, int length) throws IOException {
        if (early.hasRemaining()) {
            int count = Math.min(length, early.remaining());
            early.get(into, offset, count);
            return count;
        }
        while (!received.hasRemaining()) {
            BufferUtil.clear(received);
            int filled = getEndPoint().fill(received);
            if (filled < 0) {
                return -1;
            }
            if (filled == 0) {
                try (Blocker.Callback readable = Blocker.callback()) {
                    getEndPoint().fillInterested(readable);
                    readable.block();
                }
            }
        }
        int count = Math.min(length, received.remaining());
        received.get(into, offset, count);
        return count;
    }

    private final class Input extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, into.length);
            return length == 0 ? 0 : fill(into, offset, length);
        }
    }

    private final class Output extends OutputStream {
        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try (Blocker.Callback written = Blocker.callback()) {
                getEndPoint().write(written, ByteBuffer.wrap(bytes, offset, length));
                written.block();
            }
        }
    }
}
