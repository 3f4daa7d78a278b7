package dev.skerry.host.stream;

import dev.skerry.wire.Fields;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Carries the stream's bytes. One thread reads, one at a time writes; closing wakes both. */
public interface Transport extends AutoCloseable {
    /** Blocks for at least one byte; -1 at the end. */
    int read(ByteBuffer into) throws IOException;

    /** Writes all of it. */
    void write(ByteBuffer from) throws IOException;

    /** A frame on the shim's own channel. */
    default void shimFrame(int type, Fields fields) {}

    @Override
    void close();
}
