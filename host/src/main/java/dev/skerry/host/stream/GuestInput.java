package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.InputStream;

/** Bytes of one stream of a channel. Reading acknowledges what earlier reads took. */
final class GuestInput extends InputStream {
    private final GuestConnection connection;
    private final GuestChannel channel;
    private final int stream;
    private final boolean cancels;

    /** @param cancels closing before the end gives the whole channel up */
    GuestInput(GuestConnection connection, GuestChannel channel, int stream, boolean cancels) {
        this.connection = connection;
        this.channel = channel;
        this.stream = stream;
        this.cancels = cancels;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        try {
            return channel.read(stream, into, offset, length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.SANDBOX_GONE, "interrupted while reading from a sandbox", e);
        }
    }

    @Override
    public int available() {
        return channel.available(stream);
    }

    @Override
    public void close() {
        if (cancels) {
            connection.cancel(channel);
        }
    }
}
