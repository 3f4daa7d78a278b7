package dev.skerry.server.e2b;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The query parameter {@code metadata}: a query string within a query string, whose names and values the official
 * clients encode once more.
 */
final class MetadataFilter {
    private MetadataFilter() {}

    /** @param once the parameter, decoded as any other */
    static Map<String, String> parse(String once) {
        Map<String, String> found = new LinkedHashMap<>();
        try {
            for (String pair : once.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    found.put(twice(pair.substring(0, equals)), twice(pair.substring(equals + 1)));
                } else if (!pair.isEmpty()) {
                    throw new IllegalArgumentException();
                }
            }
            return found;
        } catch (IllegalArgumentException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'metadata' is not a query string",
                    "write name=value pairs with '&' between them, and encode the whole",
                    e);
        }
    }

    private static String twice(String text) {
        return decoded(decoded(text));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
