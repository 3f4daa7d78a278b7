package dev.skerry.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.operations.Health.State;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HealthTest {
    @Test
    void aCheckThatHangsIsReportedAndNotStartedTwice() throws Exception {
        var starts = new AtomicInteger();
        var release = new CountDownLatch(1);
        var hangs = new HealthCheck("hangs", true, () -> {
            starts.incrementAndGet();
            release.await();
            return "at last";
        });
        var well = new HealthCheck("well", true, () -> "fine");
        var health = new Health(List.of(hangs, well), Duration.ofMillis(500), Duration.ZERO);
        for (int i = 0; i < 3; i++) {
            Health.Report report = health.report();
            assertThat(report.ready()).isFalse();
            assertThat(report.findings()).extracting(Health.Finding::state).containsExactly(State.TIMED_OUT, State.OK);
            assertThat(starts.get()).isEqualTo(1);
        }
        release.countDown();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!health.report().well()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @Test
    void askingOftenLooksOnce() throws Exception {
        var looks = new AtomicInteger();
        var health = new Health(
                List.of(new HealthCheck("counted", true, () -> "look " + looks.incrementAndGet())),
                Duration.ofSeconds(5),
                Duration.ofHours(1));
        long start = System.nanoTime();
        int reports = 0;
        while (System.nanoTime() - start < Duration.ofMillis(300).toNanos()) {
            assertThat(health.report().well()).isTrue();
            reports++;
        }
        assertThat(reports).isGreaterThan(1);
        assertThat(looks.get()).isEqualTo(1);
    }

    @Test
    void anErrorIsAFindingToo() throws Exception {
        var broken = new HealthCheck("broken", false, () -> {
            throw new NoClassDefFoundError("driver");
        });
        Health.Report report = new Health(List.of(broken), Duration.ofSeconds(5)).report();
        assertThat(report.ready()).isTrue();
        assertThat(report.well()).isFalse();
        assertThat(report.findings().getFirst().detail()).isEqualTo("driver");
    }
}
