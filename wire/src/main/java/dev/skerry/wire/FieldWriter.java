package dev.skerry.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes fields: u8 tag, u24 length, value. Not thread-safe. */
public final class FieldWriter {
    private static final int INT_BYTES = 8;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

    public FieldWriter number(Tag tag, long value) {
        head(tag, INT_BYTES);
        writeNumber(value);
        return this;
    }

    public FieldWriter numbers(Tag tag, long... values) {
        head(tag, INT_BYTES * values.length);
        for (long value : values) {
            writeNumber(value);
        }
        return this;
    }

    /** @throws Failure {@code INVALID_REQUEST} when there is a NUL in it */
    public FieldWriter text(Tag tag, String value) {
        if (value.indexOf('\0') >= 0) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, tag.name().toLowerCase(java.util.Locale.ROOT) + " must not contain NUL");
        }
        return bytes(tag, value.getBytes(StandardCharsets.UTF_8));
    }

    public FieldWriter bytes(Tag tag, byte[] value) {
        head(tag, value.length);
        out.writeBytes(value);
        return this;
    }

    private void head(Tag tag, int length) {
        out.write(tag.number());
        out.write(length);
        out.write(length >>> 8);
        out.write(length >>> 16);
    }

    private void writeNumber(long value) {
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            out.write((int) (value >>> shift));
        }
    }

    public byte[] toBytes() {
        return out.toByteArray();
    }
}
