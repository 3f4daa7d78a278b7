package dev.skerry.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Parsed fields. Unknown tags are skipped; values are checked when they are asked for. Immutable. */
public final class Fields {
    private static final Tag[] TAGS = Tag.values();
    private static final int HEAD_BYTES = 4;

    private final List<Field> fields;

    private record Field(Tag tag, ByteBuffer value) {}

    private Fields(List<Field> fields) {
        this.fields = fields;
    }

    /** Copies what it needs; the buffer's position moves to its limit. */
    public static Fields read(ByteBuffer in) throws ProtocolViolation {
        ByteBuffer copy = ByteBuffer.allocate(in.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        copy.put(in).flip();
        List<Field> fields = new ArrayList<>();
        while (copy.hasRemaining()) {
            if (copy.remaining() < HEAD_BYTES) {
                throw new ProtocolViolation("a field is cut off");
            }
            int head = copy.getInt();
            int number = head & 0xff;
            int length = head >>> 8;
            if (length > copy.remaining()) {
                throw new ProtocolViolation("a field is longer than what holds it");
            }
            if (number >= 1 && number <= TAGS.length) {
                fields.add(new Field(
                        TAGS[number - 1], copy.slice(copy.position(), length).order(ByteOrder.LITTLE_ENDIAN)));
            }
            copy.position(copy.position() + length);
        }
        return new Fields(fields);
    }

    /** The last one counts. */
    public OptionalLong number(Tag tag) throws ProtocolViolation {
        OptionalLong found = OptionalLong.empty();
        for (Field field : fields) {
            if (field.tag == tag) {
                found = OptionalLong.of(number(field));
            }
        }
        return found;
    }

    public long number(Tag tag, long otherwise) throws ProtocolViolation {
        return number(tag).orElse(otherwise);
    }

    public long require(Tag tag) throws ProtocolViolation {
        OptionalLong found = number(tag);
        if (found.isEmpty()) {
            throw new ProtocolViolation("no " + tag);
        }
        return found.getAsLong();
    }

    public List<Long> numbers(Tag tag) throws ProtocolViolation {
        List<Long> found = new ArrayList<>();
        for (Field field : fields) {
            if (field.tag == tag) {
                found.add(number(field));
            }
        }
        return found;
    }

    /** Bytes that are not UTF-8 are replaced. */
    public Optional<String> text(Tag tag) {
        List<String> texts = texts(tag);
        return texts.isEmpty() ? Optional.empty() : Optional.of(texts.getLast());
    }

    public List<String> texts(Tag tag) {
        return fields.stream()
                .filter(field -> field.tag == tag)
                .map(field ->
                        StandardCharsets.UTF_8.decode(field.value.duplicate()).toString())
                .toList();
    }

    public Optional<byte[]> bytes(Tag tag) {
        return fields.stream().filter(field -> field.tag == tag).findFirst().map(field -> {
            byte[] bytes = new byte[field.value.remaining()];
            field.value.duplicate().get(bytes);
            return bytes;
        });
    }

    /** Fields within a field. */
    public List<Fields> nested(Tag tag) throws ProtocolViolation {
        List<Fields> found = new ArrayList<>();
        for (Field field : fields) {
            if (field.tag == tag) {
                found.add(read(field.value.duplicate()));
            }
        }
        return found;
    }

    private static long number(Field field) throws ProtocolViolation {
        if (field.value.remaining() != Long.BYTES) {
            throw new ProtocolViolation(field.tag + " is not an integer of 8 bytes");
        }
        return field.value.getLong(field.value.position());
    }
}
