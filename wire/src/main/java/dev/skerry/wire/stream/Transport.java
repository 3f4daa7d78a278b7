package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Carries the stream's bytes. One thread reads; writers go through the outbox. Closing wakes whoever waits. */
public sealed interface Transport extends AutoCloseable permits ShimTransport, PipeTransport {
    /** Blocks for at least one byte; -1 at the end. */
    int read(ByteBuffer into) throws IOException;

    /** Where frames are put to be sent. */
    Outbox outbox();

    /** The sandbox's network, where this host shares it. */
    Loopback loopback();

    /** The kind of thread that {@link #read} should be called on. */
    Thread.Builder readerThread();

    /** A frame on the shim's own channel, which only a shim may send. */
    void shimFrame(int type, Fields fields) throws ProtocolViolation;

    @Override
    void close();
}
