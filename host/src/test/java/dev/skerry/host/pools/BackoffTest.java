package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private final Failure broken = new Failure(ErrorCode.UNSUPPORTED, "no driver");

    /** The waits of so many failures in a row, each as soon as it may be. */
    private static Duration[] waits(Backoff backoff, Failure failure, int count) {
        var waits = new Duration[count];
        long now = 0;
        for (int i = 0; i < count; i++) {
            backoff.failed(failure, now);
            waits[i] = backoff.left(now);
            now += waits[i].toNanos();
            assertThat(backoff.waits(now)).isFalse();
            assertThat(backoff.waits(now - 1)).isTrue();
        }
        return waits;
    }

    @Test
    void eachWaitIsTwiceAsLongUpToAMinute() {
        Duration[] waits = waits(new Backoff(new Random(1)), broken, 40);
        Duration whole = Backoff.FIRST;
        for (Duration wait : waits) {
            assertThat(wait).isBetween(whole.dividedBy(2), whole);
            whole = whole.multipliedBy(2).compareTo(Backoff.LONGEST) > 0 ? Backoff.LONGEST : whole.multipliedBy(2);
        }
    }

    @Test
    void aHostThatIsShortGetsMoreTime() {
        for (ErrorCode code : Set.of(ErrorCode.NO_CAPACITY, ErrorCode.NO_SPACE)) {
            Duration wait = waits(new Backoff(new Random(1)), new Failure(code, "full"), 1)[0];
            assertThat(wait).isBetween(Backoff.FIRST_WHEN_SHORT.dividedBy(2), Backoff.FIRST_WHEN_SHORT);
        }
    }

    @Test
    void severalDoNotComeBackAtOnce() {
        Set<Duration> waits = new HashSet<>();
        for (int seed = 0; seed < 20; seed++) {
            waits.add(waits(new Backoff(new Random(seed)), broken, 1)[0]);
        }
        assertThat(waits).hasSizeGreaterThan(15);
    }

    @Test
    void thoseThatWereUnderWayTogetherCountOnce() {
        var backoff = new Backoff(new Random(1));
        for (int i = 0; i < 8; i++) {
            backoff.failed(broken, 0);
        }
        assertThat(backoff.left(0)).isLessThanOrEqualTo(Backoff.FIRST);
    }

    @Test
    void aSuccessEndsIt() {
        var backoff = new Backoff(new Random(1));
        waits(backoff, broken, 10);
        backoff.failed(broken, Duration.ofHours(1).toNanos());
        assertThat(backoff.reason(Duration.ofHours(1).toNanos()).orElseThrow())
                .startsWith("UNSUPPORTED: no driver; next attempt in ");
        backoff.succeeded();
        assertThat(backoff.doubtful()).isFalse();
        assertThat(backoff.reason(Duration.ofHours(1).toNanos())).isEmpty();
        assertThat(waits(backoff, broken, 1)[0]).isLessThanOrEqualTo(Backoff.FIRST);
    }
}
