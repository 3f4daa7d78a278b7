package dev.skerry.server.interpreter;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Optional;

/**
 * Who may use the interpreter of a sandbox. The clients send the sandbox's token when they run code and the token for
 * its ports with every request, and no more than that can be asked of them.
 */
record Access(SandboxTokens tokens, LiveSandbox sandbox) {
    private static final String TOKEN = "X-Access-Token";
    private static final String TRAFFIC_TOKEN = "E2B-Traffic-Access-Token";

    /** For what runs code or stops it. */
    void checkToken(Exchange exchange) {
        if (sandbox.sandbox().config().secure()
                && !matches(exchange, TOKEN, Purpose.ENVD).orElse(false)) {
            throw new Failure(ErrorCode.UNAUTHENTICATED, "the sandbox's access token is missing or wrong: " + TOKEN);
        }
    }

    /** For the rest: a token may be missing where ports are public, but never wrong. */
    void checkVisit(Exchange exchange) {
        Optional<Boolean> token = matches(exchange, TOKEN, Purpose.ENVD);
        Optional<Boolean> traffic = matches(exchange, TRAFFIC_TOKEN, Purpose.TRAFFIC);
        boolean open = sandbox.sandbox().config().publicTraffic() || token.orElse(false) || traffic.orElse(false);
        boolean secure = sandbox.sandbox().config().secure();
        if (!open || (secure && token.isPresent() && !token.get())) {
            throw new Failure(ErrorCode.UNAUTHENTICATED, "the sandbox's access token is missing or wrong");
        }
    }

    private Optional<Boolean> matches(Exchange exchange, String header, Purpose purpose) {
        return exchange.header(header)
                .map(given -> tokens.matches(purpose, sandbox.sandbox().id(), given));
    }
}
