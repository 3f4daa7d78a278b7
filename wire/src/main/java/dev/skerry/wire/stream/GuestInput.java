package dev.skerry.wire.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/**
 * Bytes of one stream of a channel. Reading acknowledges what earlier reads took. Where the stream was cut off (the
 * guest reported an error, another connection took over, the sandbox is gone) reading throws a Failure, after the bytes
 * that did come; it never reports an end that the guest did not send.
 */
final class GuestInput extends InputStream {
    private final GuestChannel channel;
    private final Inbound stream;
    private final boolean cancels;

    /** @param cancels closing before the end gives the whole channel up */
    GuestInput(GuestChannel channel, int stream, boolean cancels) {
        this.channel = channel;
        this.stream = channel.inbound(stream);
        this.cancels = cancels;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        try {
            return stream.read(into, offset, length);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Without a copy in between. */
    @Override
    public long transferTo(OutputStream out) throws IOException {
        try {
            return stream.transferTo(out);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private RuntimeException interrupted(InterruptedException e) {
        close();
        return Inbound.interrupted("reading from", e);
    }

    @Override
    public int available() {
        return stream.available();
    }

    @Override
    public void close() {
        if (cancels) {
            channel.cancel();
        }
    }
}
