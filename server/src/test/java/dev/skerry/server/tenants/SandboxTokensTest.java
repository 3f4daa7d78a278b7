package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.tenants.SandboxTokens.Purpose;
import dev.skerry.wire.SandboxId;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SandboxTokensTest {
    private static final Secret OLD = new Secret(new byte[32], Optional.empty());
    private static final Secret NEW = new Secret(HexFormat.of().parseHex("07".repeat(32)), Optional.empty());
    private final SandboxId id = SandboxId.create(Instant.parse("2026-01-01T00:00:00Z"), new SecureRandom());

    @Test
    void aTokenOfTheSecretBeforeIsAcceptedUntilThatIsRetired() {
        String token = new SandboxTokens(Secrets.of(OLD)).token(Purpose.ENVD, id);
        var rotated = new SandboxTokens(Secrets.of(NEW, OLD));
        assertThat(rotated.matches(Purpose.ENVD, id, token)).isTrue();
        assertThat(rotated.matches(Purpose.TRAFFIC, id, token)).isFalse();
        assertThat(rotated.token(Purpose.ENVD, id)).isNotEqualTo(token);
        assertThat(rotated.matches(Purpose.ENVD, id, rotated.token(Purpose.ENVD, id)))
                .isTrue();
        assertThat(new SandboxTokens(Secrets.of(NEW)).matches(Purpose.ENVD, id, token))
                .isFalse();
    }
}
