package dev.skerry.server.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.secrets.Sealing.Use;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SealingTest {
    private static final Secret OLD = secret("01");
    private static final Secret NEW = secret("02");

    private static Secret secret(String digits) {
        return new Secret(HexFormat.of().parseHex(digits.repeat(32)), Optional.empty());
    }

    private final Sealing before = new Sealing(Secrets.of(OLD));
    private final Sealing after = new Sealing(Secrets.of(NEW, OLD));

    @Test
    void whatWasSealedOpensAndShowsNothingOfIt() {
        String sealed = before.seal(Use.WEBHOOK, "w1", "a secret of a webhook, ü");
        assertThat(sealed).startsWith("v1." + OLD.id() + ".").doesNotContain("secret");
        assertThat(before.open(Use.WEBHOOK, "w1", sealed)).isEqualTo("a secret of a webhook, ü");
        assertThat(before.seal(Use.WEBHOOK, "w1", "x")).isNotEqualTo(before.seal(Use.WEBHOOK, "w1", "x"));
    }

    @Test
    void theOneBeforeIsAcceptedUntilItIsRetired() {
        String sealed = before.seal(Use.WEBHOOK, "w1", "x");
        assertThat(after.open(Use.WEBHOOK, "w1", sealed)).isEqualTo("x");
        assertThat(Sealing.secretOf(after.seal(Use.WEBHOOK, "w1", "x"))).isEqualTo(NEW.id());
        assertThatThrownBy(() -> new Sealing(Secrets.of(NEW)).open(Use.WEBHOOK, "w1", sealed))
                .hasMessageContaining("encrypted with secret " + OLD.id() + ", which this server does not have");
    }

    @Test
    void itOpensOnlyWhereItBelongs() {
        String sealed = before.seal(Use.WEBHOOK, "w1", "x");
        assertThatThrownBy(() -> before.open(Use.WEBHOOK, "w2", sealed)).hasMessageContaining("does not open");
        assertThatThrownBy(() -> before.open(Use.ENVIRONMENT, "w1", sealed)).hasMessageContaining("does not open");
    }

    @Test
    void everyChangeOfItIsNoticed() {
        String sealed = before.seal(Use.WEBHOOK, "w1", "some text");
        int data = Sealing.prefixLength();
        for (int i = data; i < sealed.length() - 1; i++) {
            char other = sealed.charAt(i) == 'A' ? 'B' : 'A';
            String changed = sealed.substring(0, i) + other + sealed.substring(i + 1);
            assertThatThrownBy(() -> before.open(Use.WEBHOOK, "w1", changed)).hasMessageContaining("does not open");
        }
        for (String text : new String[] {"", "x", sealed.substring(0, data), sealed.substring(0, data + 8)}) {
            assertThatThrownBy(() -> before.open(Use.WEBHOOK, "w1", text)).hasMessageContaining("what is stored of w1");
        }
    }
}
