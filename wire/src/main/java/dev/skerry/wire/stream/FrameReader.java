package dev.skerry.wire.stream;

import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.ProtocolViolation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * Cuts the stream into frames, on the reader's thread. Payloads of DATA are passed on as they arrive; other frames when
 * they are whole. An idle connection keeps a small buffer; a large one is had while much arrives.
 */
final class FrameReader {
    /** Where frames go. */
    interface Sink {
        /** A frame that is not DATA. The payload is good until this returns. */
        void frame(Frame frame, ByteBuffer payload) throws ProtocolViolation;

        /** A frame of DATA begins; its payload goes to the consumer in one or more pieces. */
        Consumer<ByteBuffer> data(Frame frame) throws ProtocolViolation;
    }

    private static final int SMALL_BYTES = 8 << 10;
    private static final int LARGE_BYTES = 256 << 10;

    /** So many reads in a row that a small buffer had been enough for give the large one back. */
    private static final int QUIET_READS = 64;

    private final Transport transport;
    private final Sink sink;
    private final ByteBuffer small = ByteBuffer.allocateDirect(SMALL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int dataLeft;
    private Consumer<ByteBuffer> dataSink = piece -> {};

    FrameReader(Transport transport, Sink sink) {
        this.transport = transport;
        this.sink = sink;
    }

    /** Reads until the end of the stream. */
    void run() throws IOException, ProtocolViolation {
        while (readWith(small, true)) {
            try (Arena arena = Arena.ofShared()) {
                ByteBuffer large =
                        arena.allocate(LARGE_BYTES, Long.BYTES).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
                large.put(small.flip());
                if (!readWith(large, false)) {
                    return;
                }
                small.clear().put(large.flip());
            }
        }
    }

    /** Reads until a buffer of the other size suits better, keeping what is not parsed yet; false at the end. */
    private boolean readWith(ByteBuffer buffer, boolean isSmall) throws IOException, ProtocolViolation {
        int quiet = 0;
        while (true) {
            int got = transport.read(buffer);
            if (got < 0) {
                return false;
            }
            boolean full = !buffer.hasRemaining();
            buffer.flip();
            parse(buffer);
            buffer.compact();
            quiet = got < SMALL_BYTES ? quiet + 1 : 0;
            if (isSmall ? full : quiet >= QUIET_READS && buffer.position() < SMALL_BYTES) {
                return true;
            }
        }
    }

    private void parse(ByteBuffer in) throws ProtocolViolation {
        while (dataLeft > 0 ? in.hasRemaining() : in.remaining() >= Frame.HEADER_BYTES) {
            if (dataLeft > 0) {
                dataPiece(in);
                continue;
            }
            int start = in.position();
            Frame frame = Frame.read(in);
            if (frame.type() == FrameType.DATA.number()) {
                dataSink = sink.data(frame);
                dataLeft = frame.length();
            } else if (in.remaining() < frame.length()) {
                in.position(start);
                return;
            } else {
                int limit = in.limit();
                int end = in.position() + frame.length();
                sink.frame(frame, in.limit(end));
                in.limit(limit).position(end);
            }
        }
    }

    private void dataPiece(ByteBuffer in) {
        int limit = in.limit();
        int length = Math.min(dataLeft, in.remaining());
        int end = in.position() + length;
        dataSink.accept(in.limit(end));
        in.limit(limit).position(end);
        dataLeft -= length;
    }
}
