package dev.skerry.server.envd;

import dev.skerry.server.connect.Call;
import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.ConnectServer;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.stream.GuestFiles;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/**
 * Who calls, and on which sandbox.
 *
 * @param asRoot whether files are dealt with as root; what is made then is given to the user
 */
record Caller(LiveSandbox sandbox, GuestSession session, Call call, boolean asRoot) {
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
        return asRoot ? sandbox.guest().files() : sandbox.guest().files().as(account.guestName());
    }

    /** As envd has it, whose clients write where they like. Who may become root with sudo gains nothing by it. */
    static boolean mayBeRoot(LiveSandbox sandbox) {
        return sandbox.sandbox().config().privilege() == Privilege.SUDO;
    }

    /** A method that is called again as root when the user may not do it. */
    static ConnectServer.Unary<Caller> orAsRoot(ConnectServer.Unary<Caller> method) {
        return (caller, request) -> {
            try {
                return method.answer(caller, request);
            } catch (Failure e) {
                if (e.code() != ErrorCode.DENIED || !mayBeRoot(caller.sandbox)) {
                    throw e;
                }
                return method.answer(new Caller(caller.sandbox, caller.session, caller.call, true), request);
            }
        };
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
