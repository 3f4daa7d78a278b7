package dev.skerry.server.connect;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Timestamp;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A message of a {@link Schema}. Fields have the names that they have in the {@code .proto}; asking for one that is not
 * there is our own mistake. What was not sent is empty, zero or false. Immutable.
 */
public final class Message {
    private final com.google.protobuf.Message content;

    Message(com.google.protobuf.Message content) {
        this.content = content;
    }

    com.google.protobuf.Message content() {
        return content;
    }

    /** Only of fields that know whether they were sent: messages, optional ones and those of a oneof. */
    public boolean has(String field) {
        return content.hasField(field(field));
    }

    public String text(String field) {
        return (String) content.getField(field(field));
    }

    /** Of a field that may not be there. */
    public Optional<String> optionalText(String field) {
        return has(field) ? Optional.of(text(field)) : Optional.empty();
    }

    /** Of any integer; what is unsigned comes so. */
    public long number(String field) {
        FieldDescriptor descriptor = field(field);
        Object value = content.getField(descriptor);
        return descriptor.getType() == FieldDescriptor.Type.UINT32
                ? Integer.toUnsignedLong((Integer) value)
                : ((Number) value).longValue();
    }

    public boolean flag(String field) {
        return (Boolean) content.getField(field(field));
    }

    public byte[] bytes(String field) {
        return ((ByteString) content.getField(field(field))).toByteArray();
    }

    /** The number of an enum's value, also of one that we do not know. */
    public int choice(String field) {
        return ((EnumValueDescriptor) content.getField(field(field))).getNumber();
    }

    public Message message(String field) {
        return new Message((com.google.protobuf.Message) content.getField(field(field)));
    }

    public List<Message> messages(String field) {
        return list(field).stream()
                .map(one -> new Message((com.google.protobuf.Message) one))
                .toList();
    }

    public List<String> texts(String field) {
        return list(field).stream().map(String.class::cast).toList();
    }

    /** A map of text to text, in the order in which it came. */
    public Map<String, String> map(String field) {
        Map<String, String> found = new LinkedHashMap<>();
        messages(field).forEach(entry -> found.put(entry.text("key"), entry.text("value")));
        return found;
    }

    private List<?> list(String field) {
        return (List<?>) content.getField(field(field));
    }

    private FieldDescriptor field(String name) {
        return find(content.getDescriptorForType(), name);
    }

    private static FieldDescriptor find(Descriptor type, String name) {
        FieldDescriptor found = type.findFieldByName(name);
        if (found == null) {
            throw new IllegalArgumentException(type.getFullName() + " has no field " + name);
        }
        return found;
    }

    @Override
    public String toString() {
        return content.getDescriptorForType().getFullName();
    }

    /** Puts one together. Setters return the builder itself. */
    public static final class Builder {
        private final DynamicMessage.Builder content;

        Builder(Descriptor type) {
            this.content = DynamicMessage.newBuilder(type);
        }

        public Builder set(String field, String value) {
            return put(field, value);
        }

        public Builder set(String field, boolean value) {
            return put(field, value);
        }

        /** For any integer, and for the number of an enum's value. */
        public Builder set(String field, long value) {
            FieldDescriptor descriptor = find(content.getDescriptorForType(), field);
            return put(
                    field,
                    switch (descriptor.getJavaType()) {
                        case INT -> (Object) (int) value;
                        case ENUM -> descriptor.getEnumType().findValueByNumberCreatingIfUnknown((int) value);
                        default -> value;
                    });
        }

        /** For bytes; the buffer is left as it was. */
        public Builder set(String field, ByteBuffer value) {
            return put(field, ByteString.copyFrom(value.duplicate()));
        }

        public Builder set(String field, Instant value) {
            return put(
                    field,
                    Timestamp.newBuilder()
                            .setSeconds(value.getEpochSecond())
                            .setNanos(value.getNano())
                            .build());
        }

        public Builder set(String field, Message value) {
            return put(field, value.content);
        }

        public Builder set(String field, Builder value) {
            return set(field, value.build());
        }

        public Builder add(String field, Message value) {
            content.addRepeatedField(find(content.getDescriptorForType(), field), value.content);
            return this;
        }

        public Builder add(String field, String value) {
            content.addRepeatedField(find(content.getDescriptorForType(), field), value);
            return this;
        }

        public Builder put(String map, String key, String value) {
            FieldDescriptor descriptor = find(content.getDescriptorForType(), map);
            return add(
                    map,
                    new Builder(descriptor.getMessageType())
                            .set("key", key)
                            .set("value", value)
                            .build());
        }

        private Builder put(String field, Object value) {
            content.setField(find(content.getDescriptorForType(), field), value);
            return this;
        }

        public Message build() {
            return new Message(content.build());
        }
    }
}
