package dev.skerry.server.connect;

import dev.skerry.server.http.Exchange;
import java.time.Duration;
import java.util.Optional;

/**
 * One call, as its method sees it.
 *
 * @param timeout after which the client wants it ended
 */
public record Call(Exchange exchange, Optional<Duration> timeout) {
    private static final int TIMEOUT_DIGITS_MAX = 10;

    static Call of(Exchange exchange) {
        String version = exchange.header("Connect-Protocol-Version").orElse("1");
        if (!version.equals("1")) {
            throw new RpcError(
                    Code.INVALID_ARGUMENT, "Connect-Protocol-Version '" + version + "'; this server speaks 1");
        }
        return new Call(exchange, exchange.header("Connect-Timeout-Ms").flatMap(Call::timeout));
    }

    /** As the servers in Go have it, 0 is none. */
    private static Optional<Duration> timeout(String text) {
        if (text.isEmpty()
                || text.length() > TIMEOUT_DIGITS_MAX
                || !text.chars().allMatch(Call::isDigit)) {
            throw new RpcError(
                    Code.INVALID_ARGUMENT, "Connect-Timeout-Ms '" + text + "'; write milliseconds, at most 10 digits");
        }
        Duration timeout = Duration.ofMillis(Long.parseLong(text));
        return timeout.isZero() ? Optional.empty() : Optional.of(timeout);
    }

    private static boolean isDigit(int character) {
        return character >= '0' && character <= '9';
    }
}
