package dev.skerry.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Isolation;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServerMetricsTest {
    private static void collect() {
        WeakReference<Object> dropped = new WeakReference<>(new Object());
        while (dropped.get() != null) {
            System.gc();
        }
    }

    @Test
    void aCounterCountsOnWhenGarbageWasCollected() {
        ServerMetrics metrics = new ServerMetrics();
        AtomicLong count = new AtomicLong(1);
        metrics.counter("skerry.counted", "So many.", count::get, "cause", "expired");
        assertThat(metrics.text()).contains("skerry_counted_total{cause=\"expired\"} 1.0");
        collect();
        count.set(2);
        assertThat(metrics.text()).contains("skerry_counted_total{cause=\"expired\"} 2.0");
    }

    @Test
    void levelsOfJobsAreCountedByRule() {
        ServerMetrics metrics = new ServerMetrics();
        metrics.job("tenant:a=gvisor", Isolation.GVISOR, Isolation.MICROVM);
        metrics.job("tenant:a=gvisor", Isolation.GVISOR, Isolation.MICROVM);
        metrics.job("request", Isolation.CONTAINER, Isolation.CONTAINER);
        assertThat(metrics.text())
                .contains(
                        "skerry_jobs_levels_total{achieved=\"microvm\",floor=\"gvisor\",rule=\"tenant:a=gvisor\"} 2.0",
                        "skerry_jobs_levels_total{achieved=\"container\",floor=\"container\",rule=\"request\"} 1.0");
    }

    /** Programs in sandboxes may answer with whatever number they like. */
    @Test
    void statusesThatNobodyKnowsAreCountedByTheirHundreds() {
        ServerMetrics metrics = new ServerMetrics();
        for (int status = 100; status < 1000; status++) {
            metrics.end("GET", "other", status, Duration.ofMillis(1), Optional.empty());
        }
        List<String> counts = metrics.text()
                .lines()
                .filter(line -> line.startsWith("skerry_http_requests_seconds_count"))
                .toList();
        assertThat(counts).hasSizeLessThan(80);
        assertThat(counts).anyMatch(line -> line.contains("status=\"404\"") && line.matches(".* 1(\\.0)?"));
        assertThat(counts).anyMatch(line -> line.contains("status=\"900\"") && line.matches(".* 100(\\.0)?"));
    }
}
