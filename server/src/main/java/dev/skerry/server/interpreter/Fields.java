package dev.skerry.server.interpreter;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The JSON object of a request; a field that is null is absent. */
record Fields(JsonNode root) {
    private static final int BYTES_MAX = 16 << 20;

    static Fields of(Exchange exchange) throws IOException {
        JsonNode root = exchange.json(BYTES_MAX);
        if (!root.isObject()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "the request's content is not a JSON object");
        }
        return new Fields(root);
    }

    Optional<String> text(String name) {
        JsonNode value = root.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isString()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "' must be a string");
        }
        return Optional.of(value.stringValue());
    }

    /** An object of strings, as names and values of environment variables. */
    Map<String, String> variables(String name) {
        JsonNode value = root.path(name);
        Map<String, String> found = new LinkedHashMap<>();
        if (value.isMissingNode() || value.isNull()) {
            return found;
        }
        if (!value.isObject()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "' must be an object of strings");
        }
        value.properties().forEach(entry -> {
            String key = entry.getKey();
            if (key.isEmpty() || key.indexOf('=') >= 0 || key.indexOf('\0') >= 0) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'" + key + "' is not a name of an environment variable");
            }
            if (!entry.getValue().isString() || entry.getValue().stringValue().indexOf('\0') >= 0) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "." + key + "' must be a string");
            }
            found.put(key, entry.getValue().stringValue());
        });
        return found;
    }
}
