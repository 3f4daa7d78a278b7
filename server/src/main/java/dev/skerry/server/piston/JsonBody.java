package dev.skerry.server.piston;

import dev.skerry.server.http.BadJson;
import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a request's content as Piston's server does: first the content, then what type it was said to be. */
final class JsonBody {
    private static final String JSON = "application/json";

    /** What a fetch() sends that has a text for a body and no header: so does the client in most use. */
    private static final String FETCHED = "text/plain;charset=utf-8";

    private static final String BOM = "\uFEFF";

    private final int bytesMax;

    JsonBody(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Empty: the answer has been given, because it is none. */
    Optional<JsonNode> read(Exchange exchange) throws IOException {
        String type = exchange.header("Content-Type").orElse("").strip().toLowerCase(Locale.ROOT);
        boolean json = type.equals(JSON) || type.startsWith(JSON + ";");
        boolean fetched = type.replace(" ", "").equals(FETCHED);
        if (!json && !fetched) {
            // What only begins like it passes the look at the type, but is not read.
            return type.startsWith(JSON) ? Optional.of(Exchange.JSON.createObjectNode()) : refuseType(exchange);
        }
        if (exchange.header("Content-Encoding")
                .filter(coding -> !coding.equalsIgnoreCase("identity"))
                .isPresent()) {
            return refuse(exchange, "UnsupportedMediaTypeError: unsupported content encoding");
        }
        byte[] content = exchange.take(bytesMax + 1);
        if (content.length > bytesMax) {
            return refuse(exchange, "PayloadTooLargeError: request entity too large");
        }
        return json ? parse(exchange, content) : parseFetched(exchange, content);
    }

    private static Optional<JsonNode> parse(Exchange exchange, byte[] content) throws IOException {
        try {
            JsonNode node = parse(new String(content, StandardCharsets.UTF_8));
            return node.isContainer()
                    ? Optional.of(node)
                    : refuse(exchange, "SyntaxError: the content is neither an object nor an array");
        } catch (JacksonException e) {
            return refuse(exchange, "SyntaxError: the content is not JSON" + BadJson.place(e));
        }
    }

    /** An object and nothing else: everything that is not meant for us has this type too. */
    private static Optional<JsonNode> parseFetched(Exchange exchange, byte[] content) throws IOException {
        try {
            JsonNode node = parse(new String(content, StandardCharsets.UTF_8));
            return node.isObject() && content.length > 0 ? Optional.of(node) : refuseType(exchange);
        } catch (JacksonException e) {
            return refuseType(exchange);
        }
    }

    /** @throws JacksonException when it is no JSON; nothing at all is an empty object */
    static JsonNode parse(String text) {
        String plain = text.startsWith(BOM) ? text.substring(1) : text;
        return plain.isEmpty() ? Exchange.JSON.createObjectNode() : Exchange.JSON.readTree(plain);
    }

    private static Optional<JsonNode> refuseType(Exchange exchange) throws IOException {
        ObjectNode body = Exchange.JSON.createObjectNode().put("message", "requests must be of type application/json");
        PistonErrors.send(exchange, 415, body);
        return Optional.empty();
    }

    private static Optional<JsonNode> refuse(Exchange exchange, String stack) throws IOException {
        PistonErrors.send(exchange, 400, Exchange.JSON.createObjectNode().put("stack", stack));
        return Optional.empty();
    }
}
