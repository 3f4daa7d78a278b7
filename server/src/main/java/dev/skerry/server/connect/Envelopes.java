package dev.skerry.server.connect;

import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The framing of streams: a byte of flags, four of length (big endian), the content. */
final class Envelopes {
    /** Of one message, in either form. */
    static final int MESSAGE_BYTES_MAX = 8 << 20;

    static final int COMPRESSED = 1;
    static final int END = 2;

    private static final int HEAD_BYTES = 5;

    private Envelopes() {}

    static byte[] write(int flags, byte[] content) {
        return ByteBuffer.allocate(HEAD_BYTES + content.length)
                .put((byte) flags)
                .putInt(content.length)
                .put(content)
                .array();
    }

    /** The next message of a client; empty at the end of the request. */
    static Optional<byte[]> read(Exchange exchange) throws IOException {
        byte[] head = exchange.take(HEAD_BYTES);
        if (head.length == 0) {
            return Optional.empty();
        }
        if (head.length < HEAD_BYTES) {
            throw new RpcError(Code.INVALID_ARGUMENT, "an envelope ends after " + head.length + " bytes of its head");
        }
        int flags = head[0];
        long length = Integer.toUnsignedLong(ByteBuffer.wrap(head).getInt(1));
        if (flags == COMPRESSED) {
            throw new RpcError(
                    Code.UNIMPLEMENTED,
                    "a compressed message: this server has no compression, send messages as they are");
        }
        if (flags != 0) {
            throw new RpcError(Code.INVALID_ARGUMENT, "an envelope with flags " + Integer.toHexString(flags & 0xff));
        }
        if (length > MESSAGE_BYTES_MAX) {
            throw new RpcError(Code.RESOURCE_EXHAUSTED, tooLong(length));
        }
        byte[] content = exchange.take((int) length);
        if (content.length < length) {
            throw new RpcError(
                    Code.INVALID_ARGUMENT, "an envelope of " + length + " bytes ends after " + content.length);
        }
        return Optional.of(content);
    }

    static String tooLong(long bytes) {
        return "a message of " + bytes + " bytes; at most " + MESSAGE_BYTES_MAX + " are taken";
    }
}
