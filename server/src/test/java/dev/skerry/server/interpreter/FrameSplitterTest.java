package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameSplitterTest {
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final String BEGIN = "\u001e" + TOKEN;

    /** What was found, in order: output as it is, frames in angle brackets; neighbouring output is one. */
    private static List<String> split(byte[] bytes, int piece) throws IOException, InterruptedException {
        List<String> found = new ArrayList<>();
        InputStream in = new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, piece));
            }
        };
        new FrameSplitter(in, TOKEN, new FrameSplitter.Sink() {
                    private boolean text;

                    @Override
                    public void output(byte[] data, int from, int to) {
                        String part = new String(data, from, to - from, StandardCharsets.ISO_8859_1);
                        if (text) {
                            part = found.removeLast() + part;
                        }
                        found.add(part);
                        text = true;
                    }

                    @Override
                    public void frame(boolean last, long number, byte[] data) {
                        text = false;
                        String content = new String(data, StandardCharsets.ISO_8859_1);
                        found.add("<" + (last ? "." : "+") + number + " " + content + ">");
                    }
                })
                .run();
        return found;
    }

    private static List<String> split(String text, int piece) throws IOException, InterruptedException {
        return split(text.getBytes(StandardCharsets.ISO_8859_1), piece);
    }

    @Test
    void framesAreFoundWhereverTheStreamIsCut() throws Exception {
        String text = "a" + BEGIN + ".7:{}\nb\n" + BEGIN + "+8:x\n" + BEGIN + ".8:\n";
        for (int piece : List.of(1, 2, 3, 7, 33, 1000)) {
            assertThat(split(text, piece)).containsExactly("a", "<.7 {}>", "b\n", "<+8 x>", "<.8 >");
        }
    }

    @Test
    void whatOnlyResemblesAFrameIsOutput() throws Exception {
        for (String text : List.of(
                "\u001e",
                "\u001e\u001e\u001e",
                BEGIN.substring(0, 20) + "zzz",
                BEGIN,
                BEGIN + ".7",
                BEGIN + "?7:x\n",
                BEGIN + ".:x\n",
                BEGIN + ".x7:\n",
                BEGIN + "." + "9".repeat(30) + ":\n",
                BEGIN + ".7:" + "x".repeat(5000) + "\n")) {
            for (int piece : List.of(1, 50, 10_000)) {
                assertThat(split(text, piece)).as(text).containsExactly(text);
            }
        }
        assertThat(split("\u001e" + BEGIN + ".1:\n", 1)).containsExactly("\u001e", "<.1 >");
    }

    @Test
    void noByteOfOutputIsLostOrChanged() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            StringBuilder expected = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                if (random.nextInt(3) == 0) {
                    all.writeBytes((BEGIN + "." + i + ":d\n").getBytes(StandardCharsets.ISO_8859_1));
                } else {
                    byte[] noise = new byte[random.nextInt(300)];
                    random.nextBytes(noise);
                    if (noise.length > 0) {
                        noise[random.nextInt(noise.length)] = 0x1e;
                    }
                    all.writeBytes(noise);
                    expected.append(new String(noise, StandardCharsets.ISO_8859_1));
                }
            }
            String output = String.join(
                    "",
                    split(all.toByteArray(), 1 + random.nextInt(400)).stream()
                            .filter(part -> !part.matches("<\\.\\d+ d>"))
                            .toList());
            assertThat(output).isEqualTo(expected.toString());
        }
    }

    @Test
    void aCharacterThatIsTornIsPutTogether() {
        byte[] bytes = "aä€😀".getBytes(StandardCharsets.UTF_8);
        for (int cut = 0; cut <= bytes.length; cut++) {
            Utf8 text = new Utf8();
            String all = text.decode(bytes, 0, cut) + text.decode(bytes, cut, bytes.length) + text.finish();
            assertThat(all).isEqualTo("aä€😀");
        }
        Utf8 torn = new Utf8();
        assertThat(torn.decode(bytes, 0, 2) + torn.finish() + torn.decode(bytes, 0, 1))
                .isEqualTo("a\ufffda");
        byte[] wrong = {(byte) 0xff, 'x', (byte) 0xc3};
        assertThat(new Utf8().decode(wrong, 0, 3)).isEqualTo("\ufffdx");
    }

    @Test
    void onlyOneObjectInAsciiIsALine() {
        assertThat(Lines.isObject("{\"a\": [1, {\"b\": null}]}".getBytes(StandardCharsets.UTF_8)))
                .isTrue();
        for (String wrong :
                List.of("", "[]", "1", "{", "{}{}", "{\"a\":1} x", "{\"a\":\"ä\"}", "{\n}", "{\"a\":NaN}")) {
            assertThat(Lines.isObject(wrong.getBytes(StandardCharsets.UTF_8)))
                    .as(wrong)
                    .isFalse();
        }
    }
}
