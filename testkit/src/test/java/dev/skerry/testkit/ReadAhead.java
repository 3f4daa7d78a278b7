package dev.skerry.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * A host that takes a program's output as it comes and keeps it until somebody asks: what the stream would be if credit
 * were given for what nobody has taken. Stops at 192 MiB, for the host's sake.
 */
final class ReadAhead extends InputStream {
    private static final int KEPT_MAX = 192 << 20;
    private static final int PIECE = 1 << 16;

    private final InputStream source;
    private final IntFunction<ByteBuffer> memory;
    private final LinkedBlockingQueue<ByteBuffer> kept = new LinkedBlockingQueue<>();
    private final AtomicInteger bytes = new AtomicInteger();

    ReadAhead(InputStream source, IntFunction<ByteBuffer> memory) {
        this.source = source;
        this.memory = memory;
        Thread.ofVirtual().start(this::take);
    }

    private void take() {
        byte[] piece = new byte[PIECE];
        try {
            while (bytes.get() < KEPT_MAX) {
                int got = source.read(piece);
                kept.add(memory.apply(got).put(piece, 0, got).flip());
                bytes.addAndGet(got);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int available() {
        return bytes.get();
    }

    @Override
    public int read() {
        throw new UnsupportedOperationException("the claim fails before it reads");
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        return read();
    }
}
