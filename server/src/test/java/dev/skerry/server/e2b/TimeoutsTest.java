package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimeoutsTest {
    @Test
    void theMostThatMayBeIsSaidAsItIs() {
        says(Duration.ofHours(24), "Timeout cannot be greater than 24 hours");
        says(Duration.ofMinutes(90), "Timeout cannot be greater than 90 min");
        says(Duration.ofSeconds(45), "Timeout cannot be greater than 45 s");
    }

    private static void says(Duration most, String words) {
        assertThatThrownBy(() -> Timeouts.checkMost(most.plusSeconds(1), most)).hasMessage(words);
    }
}
