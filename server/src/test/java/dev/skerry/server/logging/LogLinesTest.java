package dev.skerry.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogLinesTest {
    private static String line(Level level, String message) {
        var record = new LogRecord(level, message);
        record.setInstant(Instant.parse("2026-05-01T10:00:00Z"));
        record.setLoggerName("dev.skerry.server.http.Routes");
        return new LogLines().format(record);
    }

    @Test
    void pairsFollowTheMessage() {
        assertThat(line(Level.INFO, "request=1a method=GET path=/a%20b?x status=200 it was answered"))
                .isEqualTo("time=2026-05-01T10:00:00Z level=info logger=Routes msg=\"it was answered\""
                        + " request=1a method=GET path=/a%20b?x status=200\n");
        assertThat(line(Level.WARNING, "nothing besides"))
                .isEqualTo("time=2026-05-01T10:00:00Z level=warn logger=Routes msg=\"nothing besides\"\n");
        assertThat(line(Level.SEVERE, "a message with x=y in it")).endsWith("msg=\"a message with x=y in it\"\n");
        assertThat(line(Level.INFO, "empty= rest")).endsWith("msg=rest empty=\"\"\n");
    }

    @Test
    void oneRecordIsOneLineWhateverIsInIt() {
        String hostile = "path=/x\nlevel=error \u001b[2J \"quoted\" back\\slash\u2028\u202e\r\tend";
        String line = line(Level.INFO, hostile);
        assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
        assertThat(line)
                .doesNotContain("\u001b", "\u2028", "\u202e", "\r", "\t")
                .contains("\\u001b", "\\u202e");
    }

    @Test
    void aLongValueIsCut() {
        assertThat(line(Level.INFO, "x".repeat(1 << 20)))
                .hasSizeLessThan(20_000)
                .endsWith("…\"\n");
    }

    @Test
    void everythingThatIsLoggedGoesToOneStream() {
        Logger root = Logger.getLogger("");
        List<Handler> before = List.of(root.getHandlers());
        var bytes = new ByteArrayOutputStream();
        try {
            LogLines.install(new PrintStream(bytes, false, StandardCharsets.UTF_8));
            LoggerFactory.getLogger(LogLinesTest.class)
                    .atWarn()
                    .addKeyValue("sandbox", "abc")
                    .setCause(new IllegalStateException("broken\npipe"))
                    .log("it did not work");
            LoggerFactory.getLogger(LogLinesTest.class).debug("too much");
        } finally {
            LogManager.getLogManager().reset();
            before.forEach(root::addHandler);
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        assertThat(text.lines()).hasSize(1);
        assertThat(text)
                .contains("level=warn logger=LogLinesTest msg=\"it did not work\" sandbox=abc")
                .contains("error=\"java.lang.IllegalStateException: broken\\npipe\" stack=\"")
                .contains("LogLinesTest.java");
    }
}
