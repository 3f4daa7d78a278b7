package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object of a request, field by field. A field that is absent and one that is null are the same; a field of
 * another type is refused by its name; unknown fields are ignored, as newer clients may send them.
 */
record Body(JsonNode root, String where) {
    private static final int BYTES_MAX = 1 << 20;

    static Body of(Exchange exchange) throws IOException {
        return of(exchange, BYTES_MAX);
    }

    /** For what may be longer than most. */
    static Body of(Exchange exchange, int bytesMax) throws IOException {
        JsonNode root = read(exchange, bytesMax);
        if (root.isNull()) {
            return new Body(Exchange.JSON.createObjectNode(), "");
        }
        if (!root.isObject()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "the request's content is not a JSON object");
        }
        return new Body(root, "");
    }

    /** 429 is for what may be tried again later, which does not help with a content that is too large. */
    private static JsonNode read(Exchange exchange, int bytesMax) throws IOException {
        try {
            return exchange.json(bytesMax);
        } catch (Failure e) {
            if (e.code() == ErrorCode.LIMIT_EXCEEDED) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "the request's content has more than " + (bytesMax >> 20) + " MiB",
                        e);
            }
            throw e;
        }
    }

    private Optional<JsonNode> field(String name) {
        JsonNode value = root.get(name);
        return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
    }

    boolean has(String name) {
        return field(name).isPresent();
    }

    Failure wrong(String name, String wanted) {
        return new Failure(ErrorCode.INVALID_REQUEST, "'" + where + name + "' must be " + wanted);
    }

    Optional<String> text(String name) {
        return field(name).map(value -> {
            if (!value.isString()) {
                throw wrong(name, "a string");
            }
            return whole(name, value.stringValue());
        });
    }

    /** Half of a surrogate pair is legal in JSON, and can neither be stored nor be sent back as UTF-8. */
    private String whole(String name, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw wrong(name, "Unicode text without half characters");
        }
        return text;
    }

    Optional<Long> number(String name) {
        return field(name).map(value -> {
            if (!value.isIntegralNumber() || !value.canConvertToLong()) {
                throw wrong(name, "a whole number");
            }
            return value.longValue();
        });
    }

    Optional<Double> decimal(String name) {
        return field(name).map(value -> {
            if (!value.isNumber() || value.isBigInteger() || !Double.isFinite(value.doubleValue())) {
                throw wrong(name, "a number");
            }
            return value.doubleValue();
        });
    }

    /** A whole number within bounds. */
    Optional<Long> number(String name, long least, long most) {
        return number(name).map(value -> {
            if (value < least || value > most) {
                throw wrong(name, "from " + least + " to " + most);
            }
            return value;
        });
    }

    /** An array of objects. */
    Optional<List<Body>> objects(String name) {
        return field(name).map(value -> {
            if (!value.isArray()) {
                throw wrong(name, "an array of objects");
            }
            List<Body> bodies = new ArrayList<>();
            for (JsonNode item : value) {
                if (!item.isObject()) {
                    throw wrong(name, "an array of objects");
                }
                bodies.add(new Body(item, where + name + "[" + bodies.size() + "]."));
            }
            return bodies;
        });
    }

    boolean flag(String name, boolean otherwise) {
        return field(name)
                .map(value -> {
                    if (!value.isBoolean()) {
                        throw wrong(name, "true or false");
                    }
                    return value.booleanValue();
                })
                .orElse(otherwise);
    }

    Optional<Body> object(String name) {
        return field(name).map(value -> {
            if (!value.isObject()) {
                throw wrong(name, "an object");
            }
            return new Body(value, where + name + ".");
        });
    }

    /** An array of strings. */
    Optional<List<String>> list(String name) {
        return field(name).map(value -> {
            if (!value.isArray()) {
                throw wrong(name, "an array of strings");
            }
            List<String> texts = new ArrayList<>();
            for (JsonNode item : value) {
                if (!item.isString()) {
                    throw wrong(name, "an array of strings");
                }
                texts.add(whole(name, item.stringValue()));
            }
            return texts;
        });
    }

    /** Whether it is there and has something in it. */
    boolean filled(String name) {
        return field(name)
                .filter(value -> value.isContainer() ? !value.isEmpty() : !(value.isBoolean() && !value.booleanValue()))
                .isPresent();
    }

    /** An object of strings. */
    Map<String, String> texts(String name) {
        Map<String, String> found = new LinkedHashMap<>();
        object(name).ifPresent(object -> object.root()
                .properties()
                .forEach(entry -> found.put(
                        object.whole("?", entry.getKey()),
                        object.text(entry.getKey()).orElseThrow(() -> object.wrong(entry.getKey(), "a string")))));
        return found;
    }
}
