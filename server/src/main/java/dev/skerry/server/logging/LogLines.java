package dev.skerry.server.logging;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Log records as lines of {@code key=value}: {@code time}, {@code level}, {@code logger}, {@code msg}, then what the
 * record has besides, then {@code error} and {@code stack}. A value is quoted where it has to be; a line break in it is
 * written as {@code \n}, so that one record is one line whatever a client has put into it.
 *
 * <p>SLF4J's binding to java.util.logging writes the pairs of a record in front of its message. They are taken from
 * there again.
 */
public final class LogLines extends Formatter {
    private static final int VALUE_LENGTH_MAX = 16 << 10;
    private static final int KEY_LENGTH_MAX = 32;

    /** Libraries that tell how they start. Kept here, because java.util.logging forgets loggers that nobody holds. */
    private static final List<Logger> TALKATIVE = Stream.of("com.zaxxer", "org.flywaydb", "org.eclipse.jetty")
            .map(Logger::getLogger)
            .toList();

    /**
     * From now on everything that is logged in this process goes there, and nowhere else; a {@link LaterRecord} a
     * moment later, or with the next that is none.
     */
    public static void install(PrintStream out) {
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        root.setLevel(Level.INFO);
        root.addHandler(new LogStream(out, new LogLines()));
        quietLibraries();
    }

    /** They need not tell how they start. */
    public static void quietLibraries() {
        TALKATIVE.forEach(library -> library.setLevel(Level.WARNING));
    }

    @Override
    public String format(LogRecord record) {
        var line = new StringBuilder(256);
        line.append("time=").append(record.getInstant());
        pair(line, "level", level(record.getLevel()));
        pair(line, "logger", shortName(String.valueOf(record.getLoggerName())));
        String message = formatMessage(record);
        int end = 0;
        for (int next = pairEnd(message, 0); next > 0; next = pairEnd(message, end)) {
            end = next;
        }
        pair(line, "msg", message.substring(end));
        for (int at = 0; at < end; at = pairEnd(message, at)) {
            int equals = message.indexOf('=', at);
            pair(line, message.substring(at, equals), message.substring(equals + 1, pairEnd(message, at) - 1));
        }
        if (record.getThrown() != null) {
            pair(line, "error", record.getThrown().toString());
            var stack = new StringWriter();
            record.getThrown().printStackTrace(new PrintWriter(stack));
            pair(line, "stack", stack.toString());
        }
        return line.append('\n').toString();
    }

    /** Behind the blank that ends the pair at that place; -1 when there is none. */
    private static int pairEnd(String text, int from) {
        int at = from;
        while (at < text.length() && at - from < KEY_LENGTH_MAX && isKey(text.charAt(at), at == from)) {
            at++;
        }
        if (at == from || at == text.length() || text.charAt(at) != '=') {
            return -1;
        }
        while (at < text.length() && !isBlank(text.charAt(at))) {
            at++;
        }
        return at < text.length() && text.charAt(at) == ' ' ? at + 1 : -1;
    }

    private static boolean isKey(char c, boolean first) {
        boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return letter || (!first && ((c >= '0' && c <= '9') || c == '_' || c == '.'));
    }

    private static boolean isBlank(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static String level(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return "error";
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return "warn";
        }
        return level.intValue() >= Level.INFO.intValue()
                ? "info"
                : level.getName().toLowerCase(Locale.ROOT);
    }

    /** Of one of our own classes, without the packages. */
    private static String shortName(String logger) {
        return logger.startsWith("dev.skerry.") ? logger.substring(logger.lastIndexOf('.') + 1) : logger;
    }

    private static void pair(StringBuilder line, String key, String value) {
        line.append(' ').append(key).append('=');
        if (isPlain(value) && value.length() <= VALUE_LENGTH_MAX) {
            line.append(value);
            return;
        }
        line.append('"');
        for (int i = 0; i < Math.min(value.length(), VALUE_LENGTH_MAX); i++) {
            escape(line, value.charAt(i));
        }
        line.append(value.length() > VALUE_LENGTH_MAX ? "…\"" : "\"");
    }

    /** Whether it can stand without quotes: several are looked at for every request. */
    private static boolean isPlain(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < '!' || c > '~' || c == '"' || c == '=' || c == '\\') {
                return false;
            }
        }
        return !value.isEmpty();
    }

    /** As in JSON. Characters that terminals act upon are written by their numbers. */
    private static void escape(StringBuilder line, char c) {
        switch (c) {
            case '"' -> line.append("\\\"");
            case '\\' -> line.append("\\\\");
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                boolean dangerous = Character.isISOControl(c)
                        || Character.getType(c) == Character.FORMAT
                        || Character.getType(c) == Character.LINE_SEPARATOR
                        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR;
                line.append(dangerous ? String.format(Locale.ROOT, "\\u%04x", (int) c) : String.valueOf(c));
            }
        }
    }
}
