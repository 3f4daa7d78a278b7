package dev.skerry.wire.stream;

import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes to stream 0 of a channel. Blocks while the guest has given no credit; closing sends the end. Every write is a
 * frame or more: put a buffer before it where many small writes are to be expected.
 */
final class GuestOutput extends OutputStream {
    private final GuestConnection connection;
    private final GuestChannel channel;

    /** One writer at a time, so that nothing is sent behind the end. */
    private final ReentrantLock writing = new ReentrantLock();

    private boolean closed;

    GuestOutput(GuestConnection connection, GuestChannel channel) {
        this.connection = connection;
        this.channel = channel;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        try {
            writing.lockInterruptibly();
            try {
                if (closed) {
                    throw new IOException("this stream to a sandbox was closed");
                }
                send(bytes, offset, length);
            } finally {
                writing.unlock();
            }
        } catch (InterruptedException e) {
            throw Inbound.interrupted("writing to", e);
        }
    }

    private void send(byte[] bytes, int offset, int length) throws InterruptedException {
        int at = offset;
        int left = length;
        while (left > 0) {
            int granted = channel.takeCredit(Math.min(left, Frame.PAYLOAD_BYTES_MAX));
            connection.send(new Frame(granted, channel.number(), FrameType.DATA.number(), 0), bytes, at);
            at += granted;
            left -= granted;
        }
    }

    /** Does not wait for the guest; a write that waits for credit on another thread is waited for. */
    @Override
    public void close() {
        writing.lock();
        try {
            if (!closed) {
                closed = true;
                connection.sendEof(channel, 0);
            }
        } finally {
            writing.unlock();
        }
    }
}
