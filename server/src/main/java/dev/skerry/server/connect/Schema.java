package dev.skerry.server.connect;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.TimestampProto;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The messages and services of one {@code .proto} file. Immutable. */
public final class Schema {
    private final FileDescriptor file;
    private final Map<String, MethodDescriptor> methods = new HashMap<>();

    private Schema(FileDescriptor file) {
        this.file = file;
        file.getServices().forEach(service -> service.getMethods()
                .forEach(method -> methods.put("/" + service.getFullName() + "/" + method.getName(), method)));
    }

    /** @param resource the name of a file beside that class; it may import google/protobuf/timestamp.proto */
    public static Schema of(Class<?> beside, String resource) {
        try (InputStream in = beside.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing in this program");
            }
            return parse(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Schema parse(String name, String text) {
        try {
            FileDescriptor[] known = {TimestampProto.getDescriptor()};
            return new Schema(FileDescriptor.buildFrom(ProtoReader.read(name, text), known));
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException(name + " is wrong", e);
        }
    }

    /** @param name as in {@code ProcessEvent.EndEvent} */
    public Message.Builder message(String name) {
        String[] parts = name.split("\\.", -1);
        Optional<Descriptor> found = Optional.ofNullable(file.findMessageTypeByName(parts[0]));
        for (int i = 1; i < parts.length; i++) {
            String part = parts[i];
            found = found.map(outer -> outer.findNestedTypeByName(part));
        }
        return new Message.Builder(
                found.orElseThrow(() -> new IllegalArgumentException("no message " + name + " in " + file.getName())));
    }

    Map<String, MethodDescriptor> methods() {
        return methods;
    }
}
