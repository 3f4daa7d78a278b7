package dev.skerry.server.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final RateLimits limits = new RateLimits(Map.of(Traffic.READ, 2L), () -> now);

    private Failure refused(String who) {
        return catchThrowableOfType(Failure.class, () -> limits.pass(Traffic.READ, who));
    }

    @Test
    void somebodyIsLetAskSoOftenAndToldWhenAgain() {
        for (int i = 0; i < 2 * RateLimits.BURST; i++) {
            limits.pass(Traffic.READ, "a");
        }
        Failure refusal = refused("a");
        assertThat(refusal.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        assertThat(refusal).hasMessage("more than 2 reads in a second");
        assertThat(refusal.retryAfter()).contains(Duration.ofSeconds(1));
        limits.pass(Traffic.READ, "b");
        limits.pass(Traffic.CREATE, "a");
        now = now.plusMillis(500);
        limits.look(Traffic.READ, "a");
        limits.pass(Traffic.READ, "a");
        assertThat(refused("a")).isNotNull();
        now = now.minusSeconds(3600);
        assertThat(refused("a")).as("a clock that is set back gives nothing").isNotNull();
    }

    @Test
    void whoeverComesFromManyAddressesFillsNoMemory() {
        for (int i = 0; i < 12_000; i++) {
            limits.pass(Traffic.READ, "address " + i);
        }
        assertThat(limits.remembered(Traffic.READ)).isEqualTo(10_000);
    }

    @Test
    void allAddressesOfOneNetworkOfIpV6AreOneClient() {
        assertThat(RateLimits.network("[2001:db8::1]"))
                .isEqualTo(RateLimits.network("2001:db8::2:3%eth0"))
                .isNotEqualTo(RateLimits.network("2001:db8:0:1::1"));
        assertThat(RateLimits.network("192.0.2.1")).isEqualTo("192.0.2.1");
        assertThat(RateLimits.network("somewhere")).isEqualTo("somewhere");
    }
}
