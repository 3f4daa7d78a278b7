package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The gateway's own answers. Programs get JSON, whose {@code code} repeats the status because clients branch on it;
 * somebody who looks at a page gets a page.
 */
final class Answers {
    static final String GONE = "The sandbox was not found";
    static final String CLOSED_PORT = "The sandbox is running but port is not open";

    private Answers() {}

    /** For a sandbox that is not there, paused, or has ended. */
    static void gone(Exchange exchange, SandboxId id) throws IOException {
        gone(exchange, id.text());
    }

    /** @param id of letters, digits and hyphens */
    static void gone(Exchange exchange, String id) throws IOException {
        answer(exchange, 502, id, OptionalInt.empty(), GONE, Optional.empty());
    }

    static void answer(Exchange exchange, int status, SandboxId id, OptionalInt port, String message)
            throws IOException {
        answer(exchange, status, id.text(), port, message, Optional.empty());
    }

    static void answer(
            Exchange exchange,
            int status,
            SandboxId id,
            OptionalInt port,
            String message,
            Optional<Duration> retryAfter)
            throws IOException {
        answer(exchange, status, id.text(), port, message, retryAfter);
    }

    private static void answer(
            Exchange exchange, int status, String id, OptionalInt port, String message, Optional<Duration> retryAfter)
            throws IOException {
        exchange.response().reset();
        exchange.set("Cache-Control", "no-store");
        retryAfter.ifPresent(time -> exchange.set("Retry-After", String.valueOf(time.toSeconds())));
        if (isLookedAt(exchange)) {
            exchange.bytes(status, "text/html; charset=utf-8", page(status, id, port, message));
            return;
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("sandboxId", id);
        body.put("message", message);
        port.ifPresent(number -> body.put("port", number));
        body.put("code", status);
        exchange.json(status, body);
    }

    private static boolean isLookedAt(Exchange exchange) {
        return exchange.header("Sec-Fetch-Mode").orElse("").equals("navigate")
                && exchange.header("Accept").orElse("").toLowerCase(Locale.ROOT).contains("text/html");
    }

    private static byte[] page(int status, String id, OptionalInt port, String message) {
        String text = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>%1$d</title>
            <meta name="viewport" content="width=device-width">
            <style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:36em;padding:0 1em}
            code{color:#666}</style></head>
            <body><h1>%1$d</h1><p>%2$s.</p><p><code>%3$s</code></p></body></html>
            """.formatted(status, text, id + (port.isPresent() ? ", port " + port.getAsInt() : ""))
                .getBytes(StandardCharsets.UTF_8);
    }
}
