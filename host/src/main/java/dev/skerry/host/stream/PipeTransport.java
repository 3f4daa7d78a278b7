package dev.skerry.host.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A guest at the other end of two pipes, without a shim. */
public final class PipeTransport implements Transport {
    private final ReadableByteChannel in;
    private final WritableByteChannel out;

    public PipeTransport(InputStream in, OutputStream out) {
        this.in = Channels.newChannel(in);
        this.out = Channels.newChannel(out);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return in.read(into);
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            out.write(from);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
