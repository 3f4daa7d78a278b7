package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * Where the server listens.
 *
 * @param host an address or name of this machine
 * @param port 0 for any free one
 * @param tls empty for plain HTTP
 */
public record Listener(String host, int port, Optional<SSLContext> tls) {
    public static Listener plain(Address address) {
        return new Listener(address.host(), address.port(), Optional.empty());
    }

    public static Listener secure(Address address, SSLContext context) {
        return new Listener(address.host(), address.port(), Optional.of(context));
    }

    /** A host and a port, as in {@code 127.0.0.1:3000} or {@code [::1]:3000}. */
    public record Address(String host, int port) {
        public static Address parse(String text) {
            int colon = text.lastIndexOf(':');
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (colon > 0 && port >= 0 && port <= 65_535) {
                    return new Address(text.substring(0, colon), port);
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not an address to listen on",
                    "write HOST:PORT, as in 127.0.0.1:3000");
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }
}
