package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A server and how to be let in.
 *
 * @param url its origin, without a path
 * @param key an API key; empty when none is known
 * @param authorities certificates (PEM) to trust beside or instead of the JVM's
 * @param domain below which it names sandboxes, if that is known
 * @param origin where all this was found, for messages
 */
public record ServerAddress(URI url, String key, Optional<Path> authorities, Optional<String> domain, String origin) {
    /** @throws Failure {@code INVALID_REQUEST} when it is not an HTTP origin */
    public static URI url(String text, String origin) {
        try {
            URI url = new URI(text.replaceFirst("/+$", ""));
            String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
            boolean http = scheme.equals("http") || scheme.equals("https");
            boolean bare = String.valueOf(url.getRawPath()).isEmpty() && url.getRawQuery() == null;
            if (http && bare && url.getHost() != null && url.getRawUserInfo() == null) {
                return url;
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.INVALID_REQUEST,
                origin + ": '" + text + "' is not the URL of a server",
                "write it without a path, as in http://127.0.0.1:3000");
    }

    public ServerAddress {
        if (!key.matches("[\\x21-\\x7e]*")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "the API key of " + origin + " has characters that no key has");
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return url + " (" + origin + ")";
    }
}
