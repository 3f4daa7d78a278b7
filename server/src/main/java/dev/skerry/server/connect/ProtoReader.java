package dev.skerry.server.connect;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.OneofDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Reads the part of the proto3 language that our files use: messages within messages, enums, oneofs, maps of text,
 * fields of any kind, services; no options, no reserved names. So the {@code .proto} itself is what the program runs
 * on, and no generated code can differ from it.
 */
final class ProtoReader {
    private static final Pattern TOKEN = Pattern.compile("//[^\\n]*|\\s+|([\\w.]+|\"[^\"]*\"|[{}=;<>,()])");

    private static final Map<String, FieldDescriptorProto.Type> SCALARS = Map.of(
            "string", FieldDescriptorProto.Type.TYPE_STRING,
            "bytes", FieldDescriptorProto.Type.TYPE_BYTES,
            "bool", FieldDescriptorProto.Type.TYPE_BOOL,
            "int32", FieldDescriptorProto.Type.TYPE_INT32,
            "int64", FieldDescriptorProto.Type.TYPE_INT64,
            "uint32", FieldDescriptorProto.Type.TYPE_UINT32,
            "uint64", FieldDescriptorProto.Type.TYPE_UINT64,
            "sint32", FieldDescriptorProto.Type.TYPE_SINT32);

    private final List<String> tokens;
    private int at;

    private ProtoReader(String text) {
        this.tokens = TOKEN.matcher(text)
                .results()
                .map(ProtoReader::word)
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<String> word(MatchResult found) {
        return Optional.ofNullable(found.group(1));
    }

    static FileDescriptorProto read(String name, String text) {
        FileDescriptorProto.Builder file =
                FileDescriptorProto.newBuilder().setName(name).setSyntax("proto3");
        ProtoReader reader = new ProtoReader(text);
        while (reader.at < reader.tokens.size()) {
            reader.declaration(file);
        }
        return file.build();
    }

    private void declaration(FileDescriptorProto.Builder file) {
        String kind = next();
        switch (kind) {
            case "syntax" -> skip("=", "\"proto3\"", ";");
            case "package" -> {
                file.setPackage(next());
                skip(";");
            }
            case "import" -> {
                file.addDependency(next().replace("\"", ""));
                skip(";");
            }
            case "message" -> file.addMessageType(message());
            case "enum" -> file.addEnumType(enumeration());
            case "service" -> file.addService(service());
            default -> throw unexpected(kind);
        }
    }

    private DescriptorProto message() {
        DescriptorProto.Builder message = DescriptorProto.newBuilder().setName(next());
        List<String> optional = new ArrayList<>();
        skip("{");
        for (String kind = next(); !kind.equals("}"); kind = next()) {
            switch (kind) {
                case "message" -> message.addNestedType(message());
                case "enum" -> message.addEnumType(enumeration());
                case "oneof" -> oneof(message);
                case "map" -> map(message);
                case "repeated" -> message.addField(field(next()).setLabel(FieldDescriptorProto.Label.LABEL_REPEATED));
                case "optional" -> {
                    FieldDescriptorProto.Builder field = field(next()).setProto3Optional(true);
                    optional.add(field.getName());
                    message.addField(field);
                }
                default -> message.addField(field(kind));
            }
        }
        // Each optional field is the only one of a oneof of its own; these come behind all others.
        for (String name : optional) {
            int index = message.getOneofDeclCount();
            message.addOneofDecl(OneofDescriptorProto.newBuilder().setName("_" + name));
            message.getFieldBuilderList().stream()
                    .filter(field -> field.getName().equals(name))
                    .forEach(field -> field.setOneofIndex(index));
        }
        return message.build();
    }

    private void oneof(DescriptorProto.Builder message) {
        int index = message.getOneofDeclCount();
        message.addOneofDecl(OneofDescriptorProto.newBuilder().setName(next()));
        skip("{");
        for (String type = next(); !type.equals("}"); type = next()) {
            message.addField(field(type).setOneofIndex(index));
        }
    }

    private void map(DescriptorProto.Builder message) {
        skip("<");
        String key = next();
        skip(",");
        String value = next();
        skip(">");
        String name = next();
        String entry = Character.toUpperCase(name.charAt(0)) + name.substring(1) + "Entry";
        message.addNestedType(DescriptorProto.newBuilder()
                .setName(entry)
                .addField(typed(key).setName("key").setNumber(1))
                .addField(typed(value).setName("value").setNumber(2))
                .setOptions(MessageOptions.newBuilder().setMapEntry(true)));
        message.addField(
                typed(entry).setName(name).setNumber(number()).setLabel(FieldDescriptorProto.Label.LABEL_REPEATED));
    }

    private FieldDescriptorProto.Builder field(String type) {
        return typed(type).setName(next()).setNumber(number());
    }

    private static FieldDescriptorProto.Builder typed(String type) {
        FieldDescriptorProto.Builder field =
                FieldDescriptorProto.newBuilder().setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL);
        FieldDescriptorProto.Type scalar = SCALARS.get(type);
        return scalar == null ? field.setTypeName(type) : field.setType(scalar);
    }

    private EnumDescriptorProto enumeration() {
        EnumDescriptorProto.Builder enumeration =
                EnumDescriptorProto.newBuilder().setName(next());
        skip("{");
        for (String name = next(); !name.equals("}"); name = next()) {
            enumeration.addValueBuilder().setName(name).setNumber(number());
        }
        return enumeration.build();
    }

    private ServiceDescriptorProto service() {
        ServiceDescriptorProto.Builder service =
                ServiceDescriptorProto.newBuilder().setName(next());
        skip("{");
        for (String kind = next(); !kind.equals("}"); kind = next()) {
            if (!kind.equals("rpc")) {
                throw unexpected(kind);
            }
            MethodDescriptorProto.Builder method = service.addMethodBuilder().setName(next());
            skip("(");
            method.setClientStreaming(streams()).setInputType(next());
            skip(")", "returns", "(");
            method.setServerStreaming(streams()).setOutputType(next());
            skip(")", ";");
        }
        return service.build();
    }

    private boolean streams() {
        boolean stream = tokens.get(at).equals("stream");
        at += stream ? 1 : 0;
        return stream;
    }

    private int number() {
        skip("=");
        String text = next();
        skip(";");
        OptionalInt number = text.chars().allMatch(Character::isDigit)
                ? OptionalInt.of(Integer.parseInt(text))
                : OptionalInt.empty();
        return number.orElseThrow(() -> unexpected(text));
    }

    private String next() {
        if (at >= tokens.size()) {
            throw new IllegalStateException("the .proto ends in the middle");
        }
        return tokens.get(at++);
    }

    private void skip(String... wanted) {
        for (String token : wanted) {
            String found = next();
            if (!found.equals(token)) {
                throw unexpected(found);
            }
        }
    }

    private IllegalStateException unexpected(String found) {
        return new IllegalStateException("'" + found + "' in the .proto, token " + at);
    }
}
