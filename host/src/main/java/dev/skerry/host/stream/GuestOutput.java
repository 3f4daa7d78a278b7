package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Frame;
import java.io.OutputStream;

/** Bytes to stream 0 of a channel. Blocks while the guest has given no credit; closing sends the end. */
final class GuestOutput extends OutputStream {
    private final GuestConnection connection;
    private final GuestChannel channel;
    private boolean closed;

    GuestOutput(GuestConnection connection, GuestChannel channel) {
        this.connection = connection;
        this.channel = channel;
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            int at = offset;
            int left = length;
            while (left > 0) {
                int granted = channel.takeCredit(Math.min(left, Frame.PAYLOAD_BYTES_MAX));
                connection.sendData(channel, 0, bytes, at, granted);
                at += granted;
                left -= granted;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while writing to a sandbox", e);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            connection.sendEof(channel, 0);
        }
    }
}
