package dev.skerry.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VitalsTest {
    private final ServerMetrics metrics = new ServerMetrics();

    private void awaitLine(String line) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!metrics.text().lines().toList().contains(line)) {
            assertThat(System.nanoTime()).as(metrics.text()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }

    @Test
    void metricsDoNotWaitForWhatHangs() {
        CountDownLatch release = new CountDownLatch(1);
        HealthCheck hangs = new HealthCheck("database", true, () -> {
            release.await();
            return "at last";
        });
        HealthCheck well = new HealthCheck("disk", false, () -> "free");
        Health health = new Health(List.of(hangs, well), Duration.ofMillis(50));
        AtomicLong asked = new AtomicLong();
        try (Vitals vitals = new Vitals(() -> health, Map.of("skerry.asked", asked::incrementAndGet))) {
            vitals.bindTo(metrics, Map.of("skerry.asked", "How often."));
            vitals.start();
            awaitLine("skerry_health{check=\"database\"} 0.0");
            awaitLine("skerry_health{check=\"disk\"} 1.0");
            // Without a host there is nothing to say of it, and no alarm.
            awaitLine("skerry_health{check=\"host\"} NaN");
            assertThat(asked).as("a database that is away is asked nothing").hasValue(0);
        } finally {
            release.countDown();
        }
    }

    @Test
    void whatIsAskedIsShown() {
        Health health = new Health(List.of(new HealthCheck("database", true, () -> "answers")), Duration.ofSeconds(5));
        try (Vitals vitals = new Vitals(() -> health, Map.of("skerry.asked", () -> 7))) {
            vitals.bindTo(metrics, Map.of("skerry.asked", "How often."));
            vitals.start();
            awaitLine("skerry_asked 7.0");
            awaitLine("skerry_health{check=\"database\"} 1.0");
            awaitLine("skerry_vitals_age_seconds 0.0");
        }
    }

    @Test
    void ofManyTenantsTheLastOnesAreCountedTogether() {
        for (int i = 0; i < TenantRequests.TENANTS_MAX + 50; i++) {
            for (int status : new int[] {200, 404, 429, 500}) {
                metrics.end("GET", "/x", status, Duration.ZERO, Optional.of("tenant-" + i));
            }
        }
        List<String> lines = metrics.text()
                .lines()
                .filter(line -> line.startsWith("skerry_tenant_requests_total{"))
                .toList();
        assertThat(lines).hasSize(4 * (TenantRequests.TENANTS_MAX + 1));
        assertThat(lines)
                .contains("skerry_tenant_requests_total{outcome=\"limited\",tenant=\"(others)\"} 50.0")
                .contains("skerry_tenant_requests_total{outcome=\"failed\",tenant=\"tenant-0\"} 1.0");
    }
}
