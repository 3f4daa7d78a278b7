package dev.skerry.server.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;

/**
 * The first line and the fields of an answer, read as RFC 9112 wants them, without any of its tolerances but a line's
 * end without CR.
 *
 * @param persistent the program keeps the connection open afterwards
 */
record AnswerHead(int status, List<HttpField> fields, Framing framing, boolean persistent) {
    private static final int FIELDS_MAX = 200;
    private static final String VERSION = "HTTP/1.";
    private static final int STATUS_AT = 9;
    private static final int STATUS_END = 12;
    private static final int LENGTH_DIGITS_MAX = 18;
    /** The third end of a line that a text of Latin-1 can hold. */
    private static final char NEXT_LINE = '\u0085';

    private static final int SWITCHING = 101;

    AnswerHead {
        fields = List.copyOf(fields);
    }

    /** How the end of an answer is found. */
    sealed interface Framing {
        record None() implements Framing {}

        record Length(long bytes) implements Framing {}

        record Chunked() implements Framing {}

        /** The end of the connection. */
        record Rest() implements Framing {}
    }

    /** @param head whether the request was HEAD, whose answer has no content whatever it says */
    static AnswerHead read(Upstream upstream, boolean head, int bytesMax) throws IOException {
        String first = upstream.line(bytesMax);
        int status = status(first);
        boolean old = first.charAt(VERSION.length()) == '0';
        List<HttpField> fields = fields(upstream, bytesMax - first.length());
        Framing framing = framing(status, head, old, fields);
        boolean closes = Tokens.list(fields, "Connection").contains("close");
        boolean persistent = !old && !closes && !(framing instanceof Framing.Rest) && status != SWITCHING;
        return new AnswerHead(status, fields, framing, persistent);
    }

    /** {@code HTTP/1.x NNN}, then nothing or a blank and what no line may hold besides its end. */
    private static int status(String first) throws BadAnswer {
        boolean good = first.length() >= STATUS_END
                && first.startsWith(VERSION)
                && (first.charAt(VERSION.length()) == '0' || first.charAt(VERSION.length()) == '1')
                && first.charAt(STATUS_AT - 1) == ' '
                && first.charAt(STATUS_AT) != '0'
                && Tokens.isNumber(first.substring(STATUS_AT, STATUS_END), STATUS_END - STATUS_AT)
                && (first.length() == STATUS_END || first.charAt(STATUS_END) == ' ')
                && first.indexOf('\r') < 0
                && first.indexOf(NEXT_LINE) < 0;
        if (!good) {
            throw BadAnswer.broken("its first line is not that of an HTTP/1 answer");
        }
        return Integer.parseInt(first, STATUS_AT, STATUS_END, 10);
    }

    /** Up to and with the empty line; of trailers too. */
    static List<HttpField> fields(Upstream upstream, int bytesMax) throws IOException {
        List<HttpField> fields = new ArrayList<>();
        int left = bytesMax;
        while (true) {
            String line = upstream.line(Math.max(0, left));
            if (line.isEmpty()) {
                return fields;
            }
            left -= line.length();
            int colon = line.indexOf(':');
            String name = colon < 0 ? "" : line.substring(0, colon);
            if (!Tokens.isToken(name)) {
                throw BadAnswer.broken("a header field without a proper name");
            }
            if (fields.size() == FIELDS_MAX) {
                throw BadAnswer.broken("more than " + FIELDS_MAX + " header fields");
            }
            fields.add(new HttpField(name, line.substring(colon + 1).strip()));
        }
    }

    private static Framing framing(int status, boolean head, boolean old, List<HttpField> fields) throws BadAnswer {
        List<String> codings = Tokens.values(fields, "Transfer-Encoding");
        List<String> lengths = Tokens.values(fields, "Content-Length");
        if (!codings.isEmpty() && (!lengths.isEmpty() || old)) {
            throw BadAnswer.broken("Transfer-Encoding where it must not be");
        }
        if (codings.size() > 1 || (!codings.isEmpty() && !codings.getFirst().equalsIgnoreCase("chunked"))) {
            throw BadAnswer.broken("a Transfer-Encoding other than chunked");
        }
        if (lengths.size() > 1 || (!lengths.isEmpty() && !Tokens.isNumber(lengths.getFirst(), LENGTH_DIGITS_MAX))) {
            throw BadAnswer.broken("a Content-Length that is not one number");
        }
        if (head || status < 200 || status == 204 || status == 304) {
            return new Framing.None();
        }
        if (!codings.isEmpty()) {
            return new Framing.Chunked();
        }
        return lengths.isEmpty() ? new Framing.Rest() : new Framing.Length(Long.parseLong(lengths.getFirst()));
    }

    Optional<String> field(String name) {
        return Tokens.values(fields, name).stream().findFirst();
    }
}
