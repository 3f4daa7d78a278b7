package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Doorway.Way.class)
class BrokenAnswersTest {
    @Parameter
    Doorway.Way way;

    private Doorway doorway;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        doorway = new Doorway(folder, way);
    }

    @AfterEach
    void close() {
        doorway.close();
    }

    @Test
    void brokenAnswersAreNamedAndNothingOfThemPasses() throws Exception {
        Map<String, String> broken = Map.ofEntries(
                Map.entry("nothing", ""),
                Map.entry("not HTTP", "220 smtp ready\r\n\r\n"),
                Map.entry("another version", "HTTP/2.0 200 OK\r\n\r\n"),
                Map.entry("a status without number", "HTTP/1.1 OK\r\n\r\n"),
                Map.entry("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
                Map.entry("a status that is too low", "HTTP/1.1 099 OK\r\n\r\n"),
                Map.entry("half a head", "HTTP/1.1 200 OK\r\nContent-Le"),
                Map.entry("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!"),
                Map.entry("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi"),
                Map.entry("a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi"),
                Map.entry("a length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi"),
                Map.entry("a huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi"),
                Map.entry(
                        "both framings",
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                Map.entry("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
                Map.entry("chunks of old", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                Map.entry("a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
                Map.entry("a field without colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n"),
                Map.entry("a name with a space", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi"),
                Map.entry("a CR in a value", "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\nContent-Length: 0\r\n\r\n"),
                Map.entry("a NUL", "HTTP/1.1 200 OK\r\nA: b\0\r\nContent-Length: 0\r\n\r\n"),
                Map.entry("an endless line", "HTTP/1.1 200 OK\r\nA: " + "x".repeat(70_000) + "\r\n\r\n"),
                Map.entry("endless fields", "HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(300) + "\r\n"),
                Map.entry("an endless prelude", "HTTP/1.1 102 Wait\r\n\r\n".repeat(30)),
                Map.entry("an upgrade", "HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"));
        for (Map.Entry<String, String> one : broken.entrySet()) {
            try (Program program = Program.saying(one.getValue())) {
                String got = doorway.get(program.port(), "/", "");
                assertThat(got).as(one.getKey()).startsWith("HTTP/1.1 502 ");
                assertThat(got)
                        .as(one.getKey())
                        .contains("did not answer with HTTP", "\"code\":502")
                        .doesNotContain("Set-Cookie");
            }
        }
        Doorway.await(() -> doorway.guest.streams().size() == 0);
    }

    @Test
    void anAnswerThatBreaksOffHasNoProperEnd() throws Exception {
        String chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (String broken : List.of(
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                chunked + "5\r\nhello\r\n",
                chunked + "5\r\nhello\r\n5\r\nhe",
                chunked + "5\r\nhello\r\nxyz\r\nhello\r\n0\r\n\r\n",
                chunked + "5\r\nhelloo\r\n0\r\n\r\n",
                chunked + "5\r\nhello\r\n-1\r\n",
                chunked + "5\r\nhello\r\nffffffffffffffffff\r\n",
                chunked + "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n")) {
            try (Program program = Program.saying(broken)) {
                String got = doorway.get(program.port(), "/", "");
                assertThat(got)
                        .as(broken)
                        .startsWith("HTTP/1.1 200")
                        .contains("hello")
                        .doesNotContain("0\r\n\r\n");
            }
        }
    }
}
