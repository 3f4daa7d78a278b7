package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A program of the corpus, and what it can read. */
@SuppressWarnings("ArrayRecordComponent") // written once into a sandbox; never compared
record Program(String name, byte[] text, byte[] stdin) {
    static Program of(String name, String resource) {
        return new Program(name, read(resource), new byte[0]);
    }

    /**
     * Those of one file. Each begins with a line {@code === name}, behind which there may be {@code | stdin}, with
     * Java's escapes, and {@code | bytes}: then the program has such escapes too, of its bytes.
     */
    static List<Program> all(String resource) {
        List<Program> programs = new ArrayList<>();
        for (String part : new String(read(resource), UTF_8).substring(4).split("\n=== ", -1)) {
            String[] lines = part.split("\n", 2);
            String[] head = lines[0].split(" ?\\| ?", -1);
            byte[] stdin = head.length > 1 ? bytes(head[1].strip()) : new byte[0];
            byte[] text = head.length > 2 ? bytes(lines[1]) : (lines[1] + "\n").getBytes(UTF_8);
            programs.add(new Program(head[0], text, stdin));
        }
        return programs;
    }

    private static byte[] bytes(String escaped) {
        String text = escaped.translateEscapes();
        return text.chars().allMatch(c -> c < 256) ? text.getBytes(ISO_8859_1) : text.getBytes(UTF_8);
    }

    static byte[] read(String resource) {
        try (InputStream in = Objects.requireNonNull(Program.class.getResourceAsStream(resource))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
