package dev.skerry.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FieldsTextTest {
    @Property(tries = 5_000)
    void anyNameSurvivesTheWayThroughAString(@ForAll @Size(max = 24) byte[] noise) {
        byte[] name = withoutNul(noise);
        String text = FieldsText.decode(name, 0, name.length);
        assertThat(FieldsText.encode(text)).isEqualTo(name);
    }

    private static byte[] withoutNul(byte[] bytes) {
        byte[] name = bytes.clone();
        for (int i = 0; i < name.length; i++) {
            name[i] = name[i] == 0 ? (byte) 0xc3 : name[i];
        }
        return name;
    }

    @Test
    void validTextIsWhatItIs() {
        String text = "grüße 🏝 \uFFFD";
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(FieldsText.decode(bytes, 0, bytes.length)).isEqualTo(text);
        assertThat(FieldsText.encode(text)).isEqualTo(bytes);
    }

    @Test
    void aByteThatIsNoCharacterIsEscaped() {
        byte[] name = {'a', (byte) 0xff, (byte) 0xc3, 'b'};
        assertThat(FieldsText.decode(name, 0, name.length)).isEqualTo("a\uDCFF\uDCC3b");
    }

    @Test
    void whatIsShownIsShortAndObeyedByNoTerminal() {
        String shown = FieldsText.shown("\u001b[2J\u202e\r\n\uDCFF" + "x".repeat(500));
        assertThat(shown).startsWith("'?[2J????xxx").endsWith("x…'").hasSizeLessThan(210);
    }
}
