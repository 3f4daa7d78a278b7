package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * How a request came in.
 *
 * @param own whether at the address that Piston's API has for itself
 * @param key out of the path: {@code /k/<key>/…}; never logged
 * @param path behind that, in lower case and without a slash at its end, as Piston's router takes it
 */
record Entrance(boolean own, Optional<String> key, String path) {
    private static final String KEY_FOLDER = "/k/";

    static Entrance of(Exchange exchange, boolean own) {
        String path = exchange.rawPath();
        Optional<String> key = Optional.empty();
        if (path.startsWith(KEY_FOLDER)) {
            int end = path.indexOf('/', KEY_FOLDER.length());
            key = Optional.of(path.substring(KEY_FOLDER.length(), end < 0 ? path.length() : end));
            path = end < 0 ? "/" : path.substring(end);
        }
        String plain = path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return new Entrance(own, key.map(Entrance::decoded), plain.toLowerCase(Locale.ROOT));
    }

    private static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return segment;
        }
    }

    @Override
    public String toString() {
        return (own ? "own " : "shared ") + path;
    }
}
