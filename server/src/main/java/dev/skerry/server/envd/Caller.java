package dev.skerry.server.envd;

import dev.skerry.server.connect.Call;
import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.wire.stream.GuestFiles;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** Who calls, and on which sandbox. */
record Caller(LiveSandbox sandbox, GuestSession session, Call call) {
    private static final Duration KEEPALIVE_DEFAULT = Duration.ofSeconds(90);
    private static final int KEEPALIVE_SECONDS_MAX = 3600;
    private static final String BASIC = "Basic ";

    /** The user whose rights a call has. */
    Account account() throws InterruptedException {
        Optional<String> given = call.exchange().header("Authorization").filter(header -> header.startsWith(BASIC));
        return account(session, given.map(Caller::userName).filter(name -> !name.isEmpty()));
    }

    /** @throws RpcError {@code unauthenticated} when there is none of that name */
    static Account account(GuestSession session, Optional<String> name) throws InterruptedException {
        if (name.isEmpty()) {
            return session.accounts().byDefault();
        }
        return session.accounts()
                .find(name.get())
                .orElseThrow(() -> new RpcError(Code.UNAUTHENTICATED, "invalid username: '" + name.get() + "'"));
    }

    private static String userName(String header) {
        try {
            String text = new String(
                    Base64.getDecoder().decode(header.substring(BASIC.length()).strip()), StandardCharsets.UTF_8);
            return text.split(":", 2)[0];
        } catch (IllegalArgumentException e) {
            throw new RpcError(
                    Code.UNAUTHENTICATED, "the header Authorization is not 'Basic ' and base64 of a user and a colon");
        }
    }

    GuestFiles files(Account account) {
        return sandbox.guest().files().as(account.guestName());
    }

    /** How long a stream may be silent. */
    Duration keepalive() {
        Optional<String> seconds = call.exchange().header("Keepalive-Ping-Interval");
        try {
            return seconds.map(text -> Math.clamp(Long.parseLong(text), 1, KEEPALIVE_SECONDS_MAX))
                    .map(Duration::ofSeconds)
                    .orElse(KEEPALIVE_DEFAULT);
        } catch (NumberFormatException e) {
            return KEEPALIVE_DEFAULT;
        }
    }
}
