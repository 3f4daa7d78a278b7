package dev.skerry.wire;

import java.io.ByteArrayOutputStream;

/** Writes fields: u8 tag, u24 length, value. Not thread-safe. */
public final class FieldWriter {
    /** The longest text of a request: what one argument of execve(2) may have, less its NUL. */
    public static final int TEXT_BYTES_MAX = 131_071;

    private static final int VALUE_BYTES_MAX = (1 << 24) - 1;
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

    /**
     * A text, in the form of {@link FieldsText}.
     *
     * @throws Failure {@code INVALID_REQUEST} when there is a NUL in it, or when it is longer than
     *     {@link #TEXT_BYTES_MAX}
     */
    public FieldWriter text(Tag tag, String value) {
        byte[] encoded = FieldsText.encode(value);
        if (encoded.length > TEXT_BYTES_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "a text of " + encoded.length + " bytes: " + FieldsText.shown(value),
                    "one argument, variable or name may have " + TEXT_BYTES_MAX + " bytes");
        }
        return bytes(tag, encoded);
    }

    public FieldWriter bytes(Tag tag, byte[] value) {
        head(tag, value.length);
        out.writeBytes(value);
        return this;
    }

    private void head(Tag tag, int length) {
        if (length > VALUE_BYTES_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a value of " + length + " bytes does not fit a field");
        }
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
