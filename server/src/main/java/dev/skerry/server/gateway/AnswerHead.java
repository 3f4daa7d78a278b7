package dev.skerry.server.gateway;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;

/**
 * The first line and the fields of an answer, read as RFC 9112 wants them, without any of its tolerances but a line's
 * end without CR.
 *
 * @param persistent the program keeps the connection open afterwards
 */
record AnswerHead(int status, List<HttpField> fields, Framing framing, boolean persistent) {
    private static final int FIELDS_MAX = 200;
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.([01]) ([1-9][0-9]{2})(?: .*)?");
    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
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
        Matcher line = STATUS.matcher(first);
        if (!line.matches()) {
            throw BadAnswer.broken("its first line is not that of an HTTP/1 answer");
        }
        int status = Integer.parseInt(line.group(2));
        boolean old = line.group(1).equals("0");
        List<HttpField> fields = fields(upstream, bytesMax - first.length());
        Framing framing = framing(status, head, old, fields);
        boolean closes = tokens(fields, "Connection").contains("close");
        boolean persistent = !old && !closes && !(framing instanceof Framing.Rest) && status != SWITCHING;
        return new AnswerHead(status, fields, framing, persistent);
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
            if (colon < 0 || !NAME.matcher(line.substring(0, colon)).matches()) {
                throw BadAnswer.broken("a header field without a proper name");
            }
            if (fields.size() == FIELDS_MAX) {
                throw BadAnswer.broken("more than " + FIELDS_MAX + " header fields");
            }
            fields.add(new HttpField(
                    line.substring(0, colon), line.substring(colon + 1).strip()));
        }
    }

    private static Framing framing(int status, boolean head, boolean old, List<HttpField> fields) throws BadAnswer {
        List<String> codings = values(fields, "Transfer-Encoding");
        List<String> lengths = values(fields, "Content-Length");
        if (!codings.isEmpty() && (!lengths.isEmpty() || old)) {
            throw BadAnswer.broken("Transfer-Encoding where it must not be");
        }
        if (codings.size() > 1 || (!codings.isEmpty() && !codings.getFirst().equalsIgnoreCase("chunked"))) {
            throw BadAnswer.broken("a Transfer-Encoding other than chunked");
        }
        if (lengths.size() > 1
                || (!lengths.isEmpty() && !LENGTH.matcher(lengths.getFirst()).matches())) {
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

    private static List<String> values(List<HttpField> fields, String name) {
        return fields.stream()
                .filter(field -> field.getName().equalsIgnoreCase(name))
                .map(HttpField::getValue)
                .toList();
    }

    /** Of a list in one or more fields, in lower case. */
    static List<String> tokens(List<HttpField> fields, String name) {
        return values(fields, name).stream()
                .flatMap(value -> List.of(value.split(",", -1)).stream())
                .map(token -> token.strip().toLowerCase(Locale.ROOT))
                .filter(token -> !token.isEmpty())
                .toList();
    }

    Optional<String> field(String name) {
        return values(fields, name).stream().findFirst();
    }
}
