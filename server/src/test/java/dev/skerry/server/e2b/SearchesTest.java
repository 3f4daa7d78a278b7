package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SearchesTest {
    private final Searches searches = new Searches(Duration.ofMillis(1));

    private int nested(int depth) {
        try {
            return searches.run(() -> depth == 1 ? 1 : 1 + nested(depth - 1));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void soManyRunAtATimeAndWhoeverWaitsTooLongIsToldWhenToAskAgain() {
        assertThatThrownBy(() -> nested(Searches.MAX + 1)).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
            assertThat(failure.retryAfter()).contains(Duration.ofSeconds(1));
        });
        assertThat(nested(Searches.MAX)).as("turns are given back").isEqualTo(Searches.MAX);
    }
}
