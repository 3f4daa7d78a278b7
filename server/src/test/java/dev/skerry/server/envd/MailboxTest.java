package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class MailboxTest {
    private static final Duration LONG = Duration.ofSeconds(15);

    private final Mailbox<String> mailbox = new Mailbox<>(1000);

    @Test
    void whoeverTellsMoreThanFitsWaitsForTheReader() throws Exception {
        assertThat(mailbox.offer("a", 700, LONG)).isTrue();
        assertThat(mailbox.offer("b", 700, Duration.ofMillis(10))).isFalse();
        CompletableFuture<Boolean> later = CompletableFuture.supplyAsync(() -> {
            try {
                return mailbox.offer("b", 700, LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(mailbox.poll(LONG)).contains("a");
        assertThat(later.get(15, TimeUnit.SECONDS)).isTrue();
        assertThat(mailbox.poll(LONG)).contains("b");
        assertThat(mailbox.poll(Duration.ofMillis(1))).isEmpty();
    }

    @Test
    void oneThatIsTooLargeFitsWhenItIsAlone() throws Exception {
        assertThat(mailbox.offer("large", 10_000, Duration.ZERO)).isTrue();
    }

    @Test
    void whatIsHeldComesBeforeTheEnd() throws Exception {
        mailbox.offer("a", 1, LONG);
        mailbox.close(() -> new IllegalStateException("first"));
        mailbox.close(() -> new IllegalStateException("second"));
        assertThat(mailbox.offer("b", 1, LONG)).isFalse();
        assertThat(mailbox.poll(LONG)).contains("a");
        assertThatThrownBy(() -> mailbox.poll(LONG)).hasMessage("first");
    }

    @Test
    void aCutDropsWhatIsHeldAndWakesEverybody() throws Exception {
        mailbox.offer("a", 900, LONG);
        CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return mailbox.offer("b", 900, LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        mailbox.cut(() -> new IllegalStateException("cut"));
        assertThat(waiting.get(15, TimeUnit.SECONDS)).isFalse();
        assertThatThrownBy(() -> mailbox.poll(LONG)).hasMessage("cut");
    }
}
