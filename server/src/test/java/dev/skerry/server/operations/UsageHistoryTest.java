package dev.skerry.server.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skerry.server.e2b.FakeHost;
import dev.skerry.server.e2b.TestClock;
import dev.skerry.server.operations.UsageHistory.Sample;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.Incarnation;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class UsageHistoryTest {
    private final TestClock clock = new TestClock();
    private final FakeHost host = new FakeHost();
    private final UsageHistory history = new UsageHistory(host, clock);
    private final Incarnation box = new Incarnation(SandboxId.create(Instant.EPOCH, new SecureRandom()), 1);

    private void measure(Incarnation incarnation, Duration cpuTime) {
        host.usages.put(incarnation, new Usage(7, 9, 3, cpuTime, 1, 0, 5));
        clock.pass(UsageHistory.PERIOD);
        history.measureAll();
    }

    @Test
    void useIsTheDifferenceOverTime() {
        measure(box, Duration.ofSeconds(100));
        assertThat(history.of(box)).isEmpty();
        measure(box, Duration.ofMillis(102_500));
        measure(box, Duration.ofMillis(102_500));
        List<Sample> samples = history.of(box);
        assertThat(samples).hasSize(2);
        assertThat(samples.getFirst().cpus()).isCloseTo(0.5, within(1e-9));
        assertThat(samples.getLast().cpus()).isZero();
        assertThat(samples.getLast()).isEqualTo(new Sample(clock.instant(), 0, 7, 3, 5));
    }

    @Test
    void theOldestAreForgotten() {
        for (int i = 0; i < UsageHistory.SAMPLES_MAX + 10; i++) {
            measure(box, Duration.ofSeconds(i));
        }
        List<Sample> samples = history.of(box);
        assertThat(samples).hasSize(UsageHistory.SAMPLES_MAX).isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
        assertThat(samples.getLast().at()).isEqualTo(clock.instant());
    }

    @Test
    void anotherIncarnationBeginsAnew() {
        measure(box, Duration.ofSeconds(100));
        measure(box, Duration.ofSeconds(101));
        host.usages.clear();
        Incarnation next = new Incarnation(box.id(), 2);
        measure(next, Duration.ofSeconds(1));
        assertThat(history.of(next)).isEmpty();
        measure(next, Duration.ofSeconds(2));
        assertThat(history.of(next)).hasSize(1);
        assertThat(history.of(box)).isEmpty();
    }

    @Test
    void whatHasLeftTheHostIsForgotten() {
        measure(box, Duration.ZERO);
        measure(box, Duration.ZERO);
        assertThat(history.of(box)).hasSize(1);
        host.usages.clear();
        history.measureAll();
        assertThat(history.of(box)).isEmpty();
    }

    @Test
    void aClockThatIsSetBackGivesNoNonsense() {
        measure(box, Duration.ofSeconds(1));
        clock.pass(Duration.ofHours(-1));
        measure(box, Duration.ofSeconds(2));
        assertThat(history.of(box).getFirst().cpus()).isZero();
    }

    @Test
    void theFirstMeasurementIsTheAverageSinceTheStart() {
        Instant start = clock.instant();
        host.usages.put(box, new Usage(7, 9, 3, Duration.ofSeconds(3), 1, 0, 5));
        clock.pass(Duration.ofSeconds(2));
        assertThat(history.now(box, start).cpus()).isCloseTo(1.5, within(1e-9));
    }

    @Test
    void itMeasuresByItselfUntilItIsClosed() {
        host.usages.put(box, new Usage(7, 9, 3, Duration.ZERO, 1, 0, 5));
        var looks = new AtomicInteger();
        InstantSource counting = () -> {
            looks.incrementAndGet();
            return clock.instant();
        };
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        try (var running = new UsageHistory(host, counting, Duration.ofMillis(1))) {
            running.start();
            while (running.of(box).size() < 3) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
            }
        }
        // At most the round that was under way goes on; quiet for a while means that it has stopped.
        int before = -1;
        long quietSince = System.nanoTime();
        while (System.nanoTime() - quietSince < Duration.ofMillis(200).toNanos()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            if (looks.get() != before) {
                before = looks.get();
                quietSince = System.nanoTime();
            }
        }
    }

    @Test
    void aHostThatFailsIsAskedAgain() {
        measure(box, Duration.ZERO);
        host.broken = true;
        clock.pass(UsageHistory.PERIOD);
        history.measureAll();
        host.broken = false;
        measure(box, Duration.ofSeconds(5));
        assertThat(history.of(box)).hasSize(1);
        assertThat(history.of(box).getFirst().cpus()).isCloseTo(0.5, within(1e-9));
    }
}
