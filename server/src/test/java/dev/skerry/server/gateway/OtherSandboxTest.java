package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.envd.EnvdService;
import dev.skerry.server.interpreter.InterpreterService;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of one sandbox, good ones, at the door of another: they are worth as much as none that is made up. */
class OtherSandboxTest {
    private static final String MADE_UP = "0".repeat(64);
    private static final List<String> ENVD = List.of(
            "GET /files?path=x",
            "POST /files?path=x",
            "POST /files/compose",
            "GET /metrics",
            "GET /envs",
            "POST /process.Process/List",
            "POST /process.Process/Start",
            "POST /filesystem.Filesystem/Stat",
            "POST /filesystem.Filesystem/WatchDir");
    private static final List<String> INTERPRETER = List.of(
            "GET /contexts", "POST /contexts", "POST /execute", "DELETE /contexts/x", "POST /contexts/x/restart");

    private Doorway doorway;
    private SandboxId other;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
        InstantSource clock = InstantSource.system();
        doorway = new Doorway(
                folder,
                GatewayBounds.DEFAULT,
                Map.of(
                        EnvdService.PORT,
                        new EnvdService(tokens, clock),
                        InterpreterService.PORT,
                        new InterpreterService(tokens, clock)));
        other = SandboxId.create(clock.instant(), new SecureRandom());
    }

    @AfterEach
    void close() {
        doorway.close();
    }

    private String asked(int port, String what, String header, String token) throws IOException {
        String answer = doorway.raw(what + " HTTP/1.1\r\nHost: " + doorway.host(port)
                + "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" + header + ": "
                + token + "\r\n\r\n{}");
        return answer.replaceAll("(?im)^(date|x-request-id|x-e2b-trace-id):.*\r\n", "");
    }

    private void isWorthNothing(int port, String what, String header, Purpose purpose) throws IOException {
        String theirs = asked(port, what, header, doorway.tokens.token(purpose, other));
        assertThat(theirs).as(what).matches("(?s)HTTP/1.1 40[13] .*").isEqualTo(asked(port, what, header, MADE_UP));
        if (what.equals("POST /contexts")) {
            return; // starts a kernel
        }
        // The own token gets further, or the test would show nothing.
        assertThat(asked(port, what, header, doorway.tokens.token(purpose, doorway.id())))
                .as(what)
                .isNotEqualTo(theirs);
    }

    @Test
    void theTokenOfAnotherSandboxOpensNoProcessesOrFiles() throws Exception {
        for (String what : ENVD) {
            isWorthNothing(EnvdService.PORT, what, "X-Access-Token", Purpose.ENVD);
        }
    }

    @Test
    void theTokenOfAnotherSandboxRunsNoCode() throws Exception {
        for (String what : INTERPRETER) {
            isWorthNothing(InterpreterService.PORT, what, "X-Access-Token", Purpose.ENVD);
        }
    }

    @Test
    void theTrafficTokenOfAnotherSandboxOpensNoPort() throws Exception {
        doorway.closePorts();
        isWorthNothing(8080, "GET /", "E2b-Traffic-Access-Token", Purpose.TRAFFIC);
        isWorthNothing(InterpreterService.PORT, "GET /contexts", "E2b-Traffic-Access-Token", Purpose.TRAFFIC);
    }

    @Test
    void anAddressThatAsksTooOftenIsToldWhenAgain(@TempDir Path second) throws Exception {
        RateLimits limits = new RateLimits(Map.of(Traffic.DATA, 1L), InstantSource.fixed(Instant.EPOCH));
        try (Doorway busy = new Doorway(second, GatewayBounds.DEFAULT, Map.of(), limits)) {
            for (int i = 0; i < 5; i++) {
                assertThat(busy.get(EnvdService.PORT, "/health", "")).startsWith("HTTP/1.1 204 ");
            }
            assertThat(busy.get(EnvdService.PORT, "/health", ""))
                    .startsWith("HTTP/1.1 429 ")
                    .containsIgnoringCase("Retry-After: 1\r\n")
                    .contains("more than 1 requests to sandboxes in a second");
        }
    }
}
