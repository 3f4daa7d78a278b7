package dev.skerry.host.templates;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Small files of names and values. Property files rather than JSON, because every {@code skerry run} reads three of
 * them and must not load a JSON library for it.
 */
final class Records {
    private Records() {}

    static Optional<Map<String, String>> read(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        var properties = new Properties();
        properties.load(new StringReader(text));
        var values = new TreeMap<String, String>();
        properties.forEach((name, value) -> values.put((String) name, (String) value));
        return Optional.of(values);
    }

    static byte[] encode(Map<String, String> values) {
        var text = new StringBuilder();
        values.forEach((name, value) -> {
            escape(text, name);
            text.append('=');
            escape(text, value);
            text.append('\n');
        });
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Unlike {@link Properties#store}, without a date: equal values make equal bytes. */
    private static void escape(StringBuilder text, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\f' -> text.append("\\f");
                case '\\', '=', ':', '#', '!', ' ' -> text.append('\\').append(c);
                default -> text.append(c);
            }
        }
    }

    /** Stores a list as {@code name.0}, {@code name.1} and so on. */
    static void putList(Map<String, String> values, String name, List<String> list) {
        for (int i = 0; i < list.size(); i++) {
            values.put(name + "." + i, list.get(i));
        }
    }

    static List<String> list(Map<String, String> values, String name) {
        var list = new ArrayList<String>();
        for (int i = 0; values.containsKey(name + "." + i); i++) {
            list.add(values.get(name + "." + i));
        }
        return list;
    }
}
