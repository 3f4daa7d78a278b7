package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MultipartTest {
    private static final String TYPE = "multipart/form-data; boundary=\"b-1\"";

    /** Gives few bytes at a time, as a network may. */
    private static InputStream slow(byte[] content, Random random) {
        return new ByteArrayInputStream(content) {
            @Override
            public synchronized int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, 1 + random.nextInt(7)));
            }
        };
    }

    /** Contents that are as like to delimiters as can be, cut wherever the network cuts them. */
    @Test
    void everyContentComesBackAsItWas() throws IOException {
        Random random = new Random(1);
        byte[][] pieces = {
            "\r".getBytes(StandardCharsets.US_ASCII),
            "\n--b-1".getBytes(StandardCharsets.US_ASCII),
            "\r\n--b-".getBytes(StandardCharsets.US_ASCII),
            "-".getBytes(StandardCharsets.US_ASCII),
            {0, (byte) 0xff}
        };
        for (int round = 0; round < 500; round++) {
            List<byte[]> contents = new ArrayList<>();
            ByteArrayOutputStream form = new ByteArrayOutputStream();
            for (int part = random.nextInt(4); part >= 0; part--) {
                ByteArrayOutputStream content = new ByteArrayOutputStream();
                for (int i = random.nextInt(6); i > 0; i--) {
                    content.write(pieces[random.nextInt(pieces.length)]);
                }
                String text = content.toString(StandardCharsets.ISO_8859_1);
                if (("\r\n" + text + "\r\n").contains("\r\n--b-1")) {
                    continue;
                }
                contents.add(content.toByteArray());
                form.write("--b-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                form.write(content.toByteArray());
                form.write("\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            form.write("--b-1--\r\n".getBytes(StandardCharsets.US_ASCII));
            Multipart multipart = new Multipart(slow(form.toByteArray(), random), TYPE);
            for (byte[] content : contents) {
                assertThat(multipart.next().orElseThrow().content().readAllBytes())
                        .isEqualTo(content);
            }
            assertThat(multipart.next()).isEmpty();
        }
    }

    /** As long as a path may be, with much in it that is escaped. */
    @Test
    void aLongNameIsANameToo() throws IOException {
        String plain = "/" + "a".repeat(4_000);
        String escaped = "\\\"".repeat(4_000);
        for (String sent : List.of(plain, escaped)) {
            byte[] form = ("--b-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + sent
                            + "\"\r\n\r\nx\r\n--b-1--\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            Multipart.Part part =
                    new Multipart(new ByteArrayInputStream(form), TYPE).next().orElseThrow();
            assertThat(part.name()).isEqualTo("file");
            assertThat(part.fileName()).hasValue(sent.replace("\\", ""));
        }
    }

    @Test
    void whatIsNotReadIsSkipped() throws IOException {
        String form = "preamble\r\n--b-1\r\nContent-Disposition: form-data; name=a\r\n\r\n" + "x".repeat(500_000)
                + "\r\n--b-1 \r\nContent-Disposition: form-data; name=\"file\"; "
                + "filename=\"a\\\"b%22/ü\"\r\n\r\ny\r\n--b-1--";
        Multipart multipart = new Multipart(new ByteArrayInputStream(form.getBytes(StandardCharsets.UTF_8)), TYPE);
        assertThat(multipart.next().orElseThrow().name()).isEqualTo("a");
        Multipart.Part part = multipart.next().orElseThrow();
        assertThat(part.fileName()).isEqualTo(Optional.of("a\"b\"/ü"));
        assertThat(multipart.next()).isEmpty();
    }

    @Test
    void aFormWithoutABoundaryIsRefused() {
        assertThatThrownBy(() -> new Multipart(InputStream.nullInputStream(), "multipart/form-data"))
                .isInstanceOf(RestError.class);
    }
}
