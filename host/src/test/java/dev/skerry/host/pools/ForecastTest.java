package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ForecastTest {
    private static final long SECOND = 1_000_000_000L;

    private final Forecast forecast = new Forecast();

    /** Exponential gaps: what independent users look like. */
    private long steady(long from, double perSecond, double seconds, Random random) {
        long now = from;
        long until = from + (long) (seconds * SECOND);
        while (true) {
            now += (long) (-Math.log(1 - random.nextDouble()) / perSecond * SECOND);
            if (now >= until) {
                return until;
            }
            forecast.claimed(now);
        }
    }

    @Test
    void nobodyIsExpectedBeforeAnybodyCame() {
        assertThat(forecast.demand(0)).isZero();
        assertThat(forecast.demand(1000 * SECOND)).isZero();
    }

    @Test
    void steadyDemandIsExpectedToGoOn() {
        long now = steady(0, 5, 300, new Random(1));
        assertThat(forecast.demand(now)).isCloseTo(5, Offset.offset(1.0));
        assertThat(forecast.herd(now)).isFalse();
    }

    @Test
    void chanceIsSeldomTakenForAHerd() {
        var random = new Random(2);
        long now = steady(0, 3, 60, random);
        int herds = 0;
        for (int second = 0; second < 2000; second++) {
            now = steady(now, 3, 1, random);
            herds += forecast.herd(now) ? 1 : 0;
        }
        assertThat(herds).isLessThan(10);
    }

    @Test
    void aHerdIsSeenWithItsFirstClaimsAndForgottenAfterTenSeconds() {
        var random = new Random(3);
        long now = steady(0, 0.2, 600, random);
        for (int i = 0; i < 5; i++) {
            forecast.claimed(now + i * SECOND / 100);
        }
        now += SECOND / 20;
        assertThat(forecast.herd(now)).isTrue();
        assertThat(forecast.demand(now)).isGreaterThanOrEqualTo(5);
        for (int i = 0; i < 495; i++) {
            forecast.claimed(now + i * SECOND / 1000);
        }
        assertThat(forecast.demand(now + SECOND / 2)).isGreaterThan(400);
        assertThat(forecast.demand(now + 5 * SECOND)).isBetween(40.0, 60.0);
        assertThat(forecast.herd(now + 5 * SECOND)).isFalse();
        assertThat(forecast.demand(now + 12 * SECOND)).isLessThan(2);
    }

    @Test
    void whoStaysAwayIsForgottenAfterTenMinutes() {
        long now = steady(0, 5, 100, new Random(4));
        assertThat(forecast.demand(now + 300 * SECOND)).isBetween(0.5, 2.0);
        assertThat(forecast.demand(now + 601 * SECOND)).isZero();
    }

    @Test
    void theFirstClaimsOfAllAreNotSpreadOverTenMinutes() {
        forecast.claimed(0);
        forecast.claimed(SECOND);
        assertThat(forecast.demand(2 * SECOND)).isEqualTo(0.2);
    }

    @Test
    void aClockThatGoesBackDoesNoHarm() {
        forecast.claimed(100 * SECOND);
        forecast.claimed(50 * SECOND);
        assertThat(forecast.demand(100 * SECOND)).isEqualTo(0.2);
    }

    @Test
    void aWindowCountsWhatIsInIt() {
        var window = new Window(10 * SECOND, 40);
        var random = new Random(5);
        var times = new java.util.ArrayList<Long>();
        long now = 0;
        for (int i = 0; i < 5000; i++) {
            now += random.nextLong(i % 50 == 0 ? 15 * SECOND : SECOND / 2);
            window.add(now);
            times.add(now);
            long end = now;
            long sure = times.stream()
                    .filter(at -> at > end - 10 * SECOND + SECOND / 4)
                    .count();
            long most = times.stream().filter(at -> at > end - 10 * SECOND).count();
            assertThat((long) window.count(now)).isBetween(sure, most);
            times.removeIf(at -> at < end - 20 * SECOND);
        }
    }
}
