package dev.skerry.wire;

import java.nio.ByteBuffer;

/**
 * The header of a frame on the sandbox stream: docs/protocol.md, section 1. Little-endian.
 *
 * @param length bytes of payload behind the header
 * @param type its number; unknown ones are legal to read
 * @param flags a stream's number, or {@link #MORE}
 */
public record Frame(int length, int channel, int type, int flags) {
    public static final int HEADER_BYTES = 12;
    public static final int PAYLOAD_BYTES_MAX = 65_524;

    /** Of requests: all frames of one together. */
    public static final int REQUEST_BYTES_MAX = 1 << 20;

    public static final int CONTROL = 0;
    public static final int SHIM = 0xFFFF_FFFF;
    public static final int MORE = 1;

    /**
     * Reads 12 bytes from a little-endian buffer. @throws ProtocolViolation when the length is out of bounds or
     * reserved bytes are not zero
     */
    public static Frame read(ByteBuffer in) throws ProtocolViolation {
        int length = in.getInt();
        int channel = in.getInt();
        int type = Byte.toUnsignedInt(in.get());
        int flags = Byte.toUnsignedInt(in.get());
        int reserved = in.getShort();
        if (length < 0 || length > PAYLOAD_BYTES_MAX) {
            throw new ProtocolViolation("a frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        if (reserved != 0) {
            throw new ProtocolViolation("a frame with reserved bytes set");
        }
        return new Frame(length, channel, type, flags);
    }

    public void write(ByteBuffer out) {
        out.putInt(length).putInt(channel).put((byte) type).put((byte) flags).putShort((short) 0);
    }
}
