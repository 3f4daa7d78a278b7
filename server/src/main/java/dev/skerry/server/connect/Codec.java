package dev.skerry.server.connect;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** How messages are written. */
enum Codec {
    /** The JSON form of proto3; fields that we do not know are skipped. */
    JSON("json") {
        @Override
        void decode(byte[] content, DynamicMessage.Builder into) throws InvalidProtocolBufferException {
            if (content.length > 0) {
                PARSER.merge(new String(content, StandardCharsets.UTF_8), into);
            }
        }

        @Override
        byte[] encode(Message message) {
            try {
                return PRINTER.print(message.content()).getBytes(StandardCharsets.UTF_8);
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("a message without a JSON form", e);
            }
        }
    },
    BINARY("proto") {
        @Override
        void decode(byte[] content, DynamicMessage.Builder into) throws InvalidProtocolBufferException {
            into.mergeFrom(content);
        }

        @Override
        byte[] encode(Message message) {
            return message.content().toByteArray();
        }
    };

    private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    private final String name;

    Codec(String name) {
        this.name = name;
    }

    abstract void decode(byte[] content, DynamicMessage.Builder into) throws InvalidProtocolBufferException;

    abstract byte[] encode(Message message);

    Message decode(byte[] content, Descriptor type) {
        DynamicMessage.Builder builder = DynamicMessage.newBuilder(type);
        try {
            decode(content, builder);
        } catch (InvalidProtocolBufferException e) {
            throw new RpcError(
                    Code.INVALID_ARGUMENT, "not a " + type.getFullName() + " in " + name + ": " + e.getMessage());
        }
        return new Message(builder.build());
    }

    String mediaType(boolean streaming) {
        return (streaming ? "application/connect+" : "application/") + name;
    }

    /** @param contentType of a request */
    static Optional<Codec> of(String contentType, boolean streaming) {
        String type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        for (Codec codec : values()) {
            if (codec.mediaType(streaming).equals(type)) {
                return Optional.of(codec);
            }
        }
        return Optional.empty();
    }

    static String accepted(boolean streaming) {
        return JSON.mediaType(streaming) + ", " + BINARY.mediaType(streaming);
    }
}
