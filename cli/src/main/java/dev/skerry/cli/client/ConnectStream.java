package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The messages of a server stream of the Connect protocol in JSON: envelopes of one byte of flags, four bytes of
 * length, and the message; the last one says how it ended.
 */
final class ConnectStream implements AutoCloseable {
    static final int HEAD_BYTES = 5;

    private static final int END = 2;
    private static final int MESSAGE_BYTES_MAX = 16 << 20;

    private final DataInputStream in;

    ConnectStream(InputStream in) {
        this.in = new DataInputStream(in);
    }

    /** A request of one message. */
    static byte[] envelope(byte[] message) {
        return ByteBuffer.allocate(HEAD_BYTES + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
    }

    /**
     * The next message; empty after the last.
     *
     * @throws Failure what the server ended the stream with; {@code SANDBOX_GONE} when it broke
     */
    Optional<JsonNode> next() {
        try {
            int flags = in.readUnsignedByte();
            int length = in.readInt();
            if ((flags & ~END) != 0 || length < 0 || length > MESSAGE_BYTES_MAX) {
                throw new Failure(ErrorCode.INTERNAL, "the server's stream is not one of the Connect protocol");
            }
            byte[] bytes = new byte[length];
            in.readFully(bytes);
            JsonNode message = JsonMapper.shared().readTree(bytes);
            if (flags != END) {
                return Optional.of(message);
            }
            if (message.path("error").isObject()) {
                throw Refusals.of(message.path("error"));
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "the connection to the sandbox broke", e);
        } catch (JacksonException e) {
            throw new Failure(ErrorCode.INTERNAL, "the server's stream has a message that is not JSON", e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            // It broke before, and whoever read it knows.
        }
    }
}
