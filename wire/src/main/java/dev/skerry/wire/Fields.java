package dev.skerry.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Fields as the other end sent them, who is not trusted: {@link #read} checks that none is cut off, the accessors check
 * types. Takes no more memory than the bytes themselves, however many fields they make. Unknown tags are skipped.
 * Immutable.
 */
public final class Fields {
    private static final int HEAD_BYTES = 4;

    private final byte[] bytes;
    private final int from;
    private final int to;

    private Fields(byte[] bytes, int from, int to) throws ProtocolViolation {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        for (int at = from; at < to; at = end(at)) {
            if (to - at < HEAD_BYTES) {
                throw new ProtocolViolation("a field is cut off");
            }
            if (length(at) > to - at - HEAD_BYTES) {
                throw new ProtocolViolation("a field is longer than what holds it");
            }
        }
    }

    /** Copies the remaining bytes; the buffer's position moves to its limit. */
    public static Fields read(ByteBuffer in) throws ProtocolViolation {
        byte[] copy = new byte[in.remaining()];
        in.get(copy);
        return new Fields(copy, 0, copy.length);
    }

    public boolean has(Tag tag) {
        return last(tag) >= 0;
    }

    /** The last one counts. */
    public OptionalLong number(Tag tag) throws ProtocolViolation {
        int at = last(tag);
        return at < 0 ? OptionalLong.empty() : OptionalLong.of(number(tag, at));
    }

    public long number(Tag tag, long otherwise) throws ProtocolViolation {
        int at = last(tag);
        return at < 0 ? otherwise : number(tag, at);
    }

    public long require(Tag tag) throws ProtocolViolation {
        int at = last(tag);
        if (at < 0) {
            throw new ProtocolViolation("no " + tag);
        }
        return number(tag, at);
    }

    /** A number that must be there and lie between the bounds, both included. */
    public long require(Tag tag, long least, long most) throws ProtocolViolation {
        return within(tag, require(tag), least, most);
    }

    /** A number that lies between the bounds, both included; 0 when it is not there. */
    public long optional(Tag tag, long least, long most) throws ProtocolViolation {
        return has(tag) ? require(tag, least, most) : 0;
    }

    private static long within(Tag tag, long value, long least, long most) throws ProtocolViolation {
        if (value < least || value > most) {
            throw new ProtocolViolation(tag + " " + value + " is outside of " + least + " to " + most);
        }
        return value;
    }

    public List<Long> numbers(Tag tag) throws ProtocolViolation {
        List<Long> found = new ArrayList<>();
        for (int at = next(tag, from); at < to; at = next(tag, end(at))) {
            found.add(number(tag, at));
        }
        return found;
    }

    /** The last one. What is not UTF-8 is kept as {@link FieldsText} says. */
    public Optional<String> text(Tag tag) throws ProtocolViolation {
        int at = last(tag);
        return at < 0 ? Optional.empty() : Optional.of(text(tag, at));
    }

    public List<String> texts(Tag tag) throws ProtocolViolation {
        List<String> found = new ArrayList<>();
        for (int at = next(tag, from); at < to; at = next(tag, end(at))) {
            found.add(text(tag, at));
        }
        return found;
    }

    /** The last one. */
    public Optional<byte[]> bytes(Tag tag) {
        int at = last(tag);
        return at < 0 ? Optional.empty() : Optional.of(Arrays.copyOfRange(bytes, at + HEAD_BYTES, end(at)));
    }

    /** Fields within a field. */
    public List<Fields> nested(Tag tag) throws ProtocolViolation {
        List<Fields> found = new ArrayList<>();
        for (int at = next(tag, from); at < to; at = next(tag, end(at))) {
            found.add(new Fields(bytes, at + HEAD_BYTES, end(at)));
        }
        return found;
    }

    private int next(Tag tag, int start) {
        int at = start;
        while (at < to && Byte.toUnsignedInt(bytes[at]) != tag.number()) {
            at = end(at);
        }
        return at;
    }

    private int last(Tag tag) {
        int found = -1;
        for (int at = next(tag, from); at < to; at = next(tag, end(at))) {
            found = at;
        }
        return found;
    }

    private int length(int at) {
        return Byte.toUnsignedInt(bytes[at + 1])
                | Byte.toUnsignedInt(bytes[at + 2]) << 8
                | Byte.toUnsignedInt(bytes[at + 3]) << 16;
    }

    private int end(int at) {
        return at + HEAD_BYTES + length(at);
    }

    private long number(Tag tag, int at) throws ProtocolViolation {
        if (length(at) != Long.BYTES) {
            throw new ProtocolViolation(tag + " is not an integer of 8 bytes");
        }
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedInt(bytes[at + HEAD_BYTES + i]);
        }
        return value;
    }

    private String text(Tag tag, int at) throws ProtocolViolation {
        for (int i = at + HEAD_BYTES; i < end(at); i++) {
            if (bytes[i] == 0) {
                throw new ProtocolViolation(tag + " contains NUL");
            }
        }
        return FieldsText.decode(bytes, at + HEAD_BYTES, end(at));
    }
}
