package dev.skerry.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Both ends of the stream count alike: the enums here and those of native/src. */
class SameNumbersTest {
    private static String source(String name) throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(root.resolve("native"))) {
            root = root.getParent();
        }
        return Files.readString(root.resolve("native/src").resolve(name)).replaceAll("//.*|/\\*(?s:.*?)\\*/", "");
    }

    /** The constants of an enum of C, without their prefix. */
    private static Map<String, Integer> constants(String text, String name, String prefix) {
        Matcher matcher = Pattern.compile("enum " + name + " \\{([^}]*)}").matcher(text);
        assertThat(matcher.find()).as(name).isTrue();
        Map<String, Integer> found = new LinkedHashMap<>();
        int next = 0;
        for (MatchResult each : Pattern.compile("(\\w+)(?:\\s*=\\s*(\\d+))?")
                .matcher(matcher.group(1))
                .results()
                .toList()) {
            next = each.group(2) == null ? next : Integer.parseInt(each.group(2));
            found.put(each.group(1).replaceFirst("^" + prefix, ""), next++);
        }
        return found;
    }

    @Test
    void framesHaveTheSameTypes() throws IOException {
        Map<String, Integer> ours = Arrays.stream(FrameType.values())
                .collect(Collectors.toMap(FrameType::name, type -> (int) type.number()));
        assertThat(constants(source("frame.h"), "frame_type", "FRAME_")).containsExactlyInAnyOrderEntriesOf(ours);
    }

    @Test
    void fieldsHaveTheSameTags() throws IOException {
        Map<String, Integer> ours = Arrays.stream(Tag.values()).collect(Collectors.toMap(Tag::name, Tag::number));
        assertThat(constants(source("frame.h"), "field_tag", "F_")).containsExactlyInAnyOrderEntriesOf(ours);
    }

    @Test
    void operationsHaveTheSameNumbers() throws IOException {
        Map<String, Integer> ours = Arrays.stream(Op.values()).collect(Collectors.toMap(Op::name, Op::number));
        Map<String, Integer> theirs = Pattern.compile("\\{(\\d+), op_(\\w+)}")
                .matcher(source("guest_ops.c"))
                .results()
                .collect(Collectors.toMap(
                        row -> row.group(2).toUpperCase(Locale.ROOT), row -> Integer.parseInt(row.group(1))));
        assertThat(theirs).containsExactlyInAnyOrderEntriesOf(ours);
    }

    @Test
    void framesHaveTheSameBounds() throws IOException {
        assertThat(source("frame.h"))
                .contains("FRAME_HEADER = " + Frame.HEADER_BYTES + ",")
                .contains("FRAME_PAYLOAD_MAX = " + Frame.PAYLOAD_BYTES_MAX + ",")
                .contains("REQUEST_MAX = 1 << 20,")
                .contains("CHANNEL_SHIM 0x" + Integer.toHexString(Frame.SHIM).toUpperCase(Locale.ROOT) + "u");
        assertThat(Frame.REQUEST_BYTES_MAX).isEqualTo(1 << 20);
    }
}
