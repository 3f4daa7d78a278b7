package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;

/**
 * A request as the program inside gets it, and which fields pass in which direction. Fields that speak of one
 * connection do not pass, nor do the clients' words to the gateway and whatever claims to come from one.
 *
 * @param head its first line and fields
 * @param body content follows
 * @param chunked of unknown length
 * @param upgrade the protocol that the client wants to change to
 * @param waits the client sends its content only when it is told to
 */
record Forwarding(String head, boolean body, boolean chunked, Optional<String> upgrade, boolean waits) {
    static final String SANDBOX_ID = "E2b-Sandbox-Id";
    static final String SANDBOX_PORT = "E2b-Sandbox-Port";
    static final String TRAFFIC_TOKEN = "E2b-Traffic-Access-Token";

    private static final int METHOD_LENGTH_MAX = 64;
    private static final int AUTHORITY_LENGTH_MAX = 300;
    private static final String AUTHORITY_OTHERS = "!$&'()*+,;=:[]._~%-";

    /** Of one connection (RFC 9110, section 7.6.1), or written anew. */
    private static final Set<String> HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-authentication-info",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "content-length");

    private static final Set<String> WRITTEN_ANEW = Set.of("host", "expect", "cookie", "forwarded", "via", "x-real-ip");
    private static final List<String> INTERNAL = List.of("x-skerry-", "e2b-", "x-forwarded-");
    private static final List<String> OF_SERVERS = List.of("x-skerry-", "x-forwarded-");
    private static final Set<String> WITHOUT_CONTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "DELETE");

    static Forwarding of(Exchange exchange) {
        return of(exchange, INTERNAL, List.of());
    }

    /** To another server, for which the clients' words to the gateway are meant as well. */
    static Forwarding relayed(Exchange exchange, HttpField seal) {
        return of(exchange, OF_SERVERS, List.of(seal));
    }

    private static Forwarding of(Exchange exchange, List<String> stopped, List<HttpField> added) {
        List<HttpField> fields = exchange.headers();
        Optional<String> upgrade = upgrade(exchange, fields);
        boolean body = exchange.hasBody();
        long length = exchange.request().getLength();
        StringBuilder head = new StringBuilder(512);
        if (exchange.method().length() > METHOD_LENGTH_MAX || !Tokens.isToken(exchange.method())) {
            throw refused("the method is not a word");
        }
        head.append(exchange.method()).append(' ');
        target(exchange.request().getHttpURI().getPathQuery(), head);
        head.append(" HTTP/1.1\r\n");
        String authority = exchange.authority();
        if (!isAuthority(authority)) {
            throw refused("the host is not a name");
        }
        line(head, "Host", authority);
        passing(fields, stopped).forEach(field -> line(head, field.getName(), value(field)));
        added.forEach(field -> line(head, field.getName(), value(field)));
        cookies(fields, head);
        line(head, "X-Forwarded-For", exchange.remote());
        line(head, "X-Forwarded-Host", authority);
        line(head, "X-Forwarded-Proto", exchange.secure() ? "https" : "http");
        if (upgrade.isPresent()) {
            line(head, "Connection", "Upgrade");
            line(head, "Upgrade", upgrade.get());
        }
        if (body && length < 0) {
            line(head, "Transfer-Encoding", "chunked");
        } else if (body || !WITHOUT_CONTENT.contains(exchange.method())) {
            line(head, "Content-Length", Long.toString(Math.max(0, length)));
        }
        boolean waits = body && exchange.header("Expect").orElse("").equalsIgnoreCase("100-continue");
        if (waits) {
            line(head, "Expect", "100-continue");
        }
        head.append("\r\n");
        return new Forwarding(head.toString(), body, body && length < 0, upgrade, waits);
    }

    /** HTTP/2 has its own way, and a request with content has to end before the connection can change. */
    private static Optional<String> upgrade(Exchange exchange, List<HttpField> fields) {
        if (exchange.http2()
                || exchange.hasBody()
                || !Tokens.list(fields, "Connection").contains("upgrade")) {
            return Optional.empty();
        }
        return exchange.header("Upgrade")
                .filter(value -> !value.toLowerCase(Locale.ROOT).startsWith("h2c"));
    }

    /** As the client wrote it; what must not be in a first line is percent-encoded. */
    private static void target(String target, StringBuilder head) {
        if (target == null || target.isEmpty()) {
            head.append('/');
            return;
        }
        for (byte one : target.getBytes(StandardCharsets.UTF_8)) {
            if (one > ' ' && one < 127) {
                head.append((char) one);
            } else {
                head.append('%').append(String.format(Locale.ROOT, "%02X", Byte.toUnsignedInt(one)));
            }
        }
    }

    private static List<HttpField> passing(List<HttpField> fields, List<String> stopped) {
        List<String> named = Tokens.list(fields, "Connection");
        List<HttpField> passing = new ArrayList<>(fields.size());
        for (HttpField field : fields) {
            String name = field.getLowerCaseName();
            if (!ends(name, named) && !WRITTEN_ANEW.contains(name) && !isOneOf(stopped, name)) {
                passing.add(field);
            }
        }
        return passing;
    }

    /** @param named in the field Connection */
    private static boolean ends(String name, List<String> named) {
        return HOP.contains(name) || named.contains(name);
    }

    private static boolean isOneOf(List<String> prefixes, String name) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /** HTTP/2 sends each cookie in a field of its own, HTTP/1.1 wants one field (RFC 9113, section 8.2.3). */
    private static void cookies(List<HttpField> fields, StringBuilder head) {
        List<String> cookies = Tokens.values(fields, "cookie");
        if (!cookies.isEmpty()) {
            line(head, "Cookie", String.join("; ", cookies));
        }
    }

    private static String value(HttpField field) {
        return field.getValue() == null ? "" : field.getValue();
    }

    private static void line(StringBuilder head, String name, String value) {
        if (!isClean(value) || !Tokens.isToken(name)) {
            throw refused("a header field holds what no header may");
        }
        head.append(name).append(": ").append(value).append("\r\n");
    }

    private static boolean isAuthority(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && AUTHORITY_OTHERS.indexOf(c) < 0) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= AUTHORITY_LENGTH_MAX;
    }

    private static boolean isClean(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c != '\t' && (c < ' ' || c == 127 || c > 255)) {
                return false;
            }
        }
        return true;
    }

    private static Failure refused(String message) {
        return new Failure(ErrorCode.INVALID_REQUEST, message);
    }

    /** What of an answer's fields reaches the client. Its length goes with its content. */
    static void answer(AnswerHead answer, HttpFields.Mutable into) {
        List<String> named = Tokens.list(answer.fields(), "Connection");
        Set<String> seen = new HashSet<>();
        for (HttpField field : answer.fields()) {
            String name = field.getLowerCaseName();
            if (ends(name, named) || name.startsWith("x-skerry-")) {
                continue;
            }
            // The first replaces what Jetty has put there (a date), which cannot be removed.
            if (seen.add(name)) {
                into.put(field);
            } else {
                into.add(field);
            }
        }
        if (answer.status() != 204 && answer.status() != 304) {
            answer.field("Content-Length").ifPresent(length -> into.put("Content-Length", length));
        }
    }
}
