package dev.skerry.server.operations;

import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The server's metrics, in the text format of Prometheus (version 0.0.4). Every label has few values: routes by their
 * templates, methods by a fixed list. Thread-safe.
 */
public final class ServerMetrics {
    /** Of {@link #text}. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final int HUNDRED = 100;

    /** Of IANA's registry, and 499. Others are counted by their hundreds: programs in sandboxes make up any. */
    private static final Set<Integer> STATUSES = IntStream.of(
                    100, 101, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 307, 308,
                    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
                    423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511)
            .boxed()
            .collect(Collectors.toUnmodifiableSet());

    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    /** The registry finds them too, but puts their whole description together for every request first. */
    private final ConcurrentMap<Kind, Timer> timers = new ConcurrentHashMap<>();

    private final ConcurrentMap<Level, Counter> levels = new ConcurrentHashMap<>();

    private final TenantRequests tenantRequests = new TenantRequests(registry);
    private volatile @Nullable TenantUse tenantUse;
    private final AtomicInteger underWay = new AtomicInteger();

    /** Of requests, as many as labels allow. */
    private record Kind(String method, String route, int status) {}

    /** Of jobs; as many as there are rules. */
    private record Level(String rule, Isolation floor, Isolation achieved) {}

    public ServerMetrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        gauge("skerry.http.requests.active", "Requests being answered.", underWay::get);
    }

    /** For parts that count for themselves. */
    public MeterRegistry registry() {
        return registry;
    }

    /** @param value is asked for at every scrape; may take a moment, must not block */
    public void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    /**
     * Shows what tenants take; of many those that have most sandboxes running.
     *
     * @param use of each that has something; asked for at every scrape
     */
    public void tenants(Supplier<Map<TenantId, Map<Resource, Long>>> use) {
        tenantUse = new TenantUse(registry, use);
    }

    /**
     * @param count rises only; asked for at every scrape
     * @param tags names and values by turns
     */
    public void counter(String name, String description, LongSupplier count, String... tags) {
        // A counter holds its object weakly, so that must not be what nobody else has; its function it holds.
        FunctionCounter.builder(name, registry, _ -> count.getAsLong())
                .description(description)
                .tags(tags)
                .register(registry);
    }

    void begin() {
        underWay.incrementAndGet();
    }

    /** It will be, once more. */
    void notBegun() {
        underWay.decrementAndGet();
    }

    /** @param tenant of the request, if it is known */
    void end(String method, String route, int status, Duration took, Optional<String> tenant) {
        underWay.decrementAndGet();
        int shown = STATUSES.contains(status) ? status : status / HUNDRED * HUNDRED;
        timers.computeIfAbsent(new Kind(METHODS.contains(method) ? method : "OTHER", route, shown), this::timer)
                .record(took);
        tenant.ifPresent(one -> tenantRequests.count(one, status));
    }

    /** Counts a program that has run: by which rule it was walled off, and how strongly. */
    public void job(String rule, Isolation floor, Isolation achieved) {
        levels.computeIfAbsent(new Level(rule, floor, achieved), this::counter).increment();
    }

    private Counter counter(Level level) {
        return Counter.builder("skerry.jobs.levels")
                .description("Programs that have run, by the rule that demanded the floor, and what was achieved.")
                .tags(
                        "rule",
                        level.rule(),
                        "floor",
                        level.floor().label(),
                        "achieved",
                        level.achieved().label())
                .register(registry);
    }

    /** With the same buckets as requests. */
    public Timer timer(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Timer timer(Kind kind) {
        return Timer.builder("skerry.http.requests")
                .description("Requests that were answered, and how long that took.")
                .tag("method", kind.method())
                .tag("route", kind.route())
                .tag("status", String.valueOf(kind.status()))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    public String text() {
        TenantUse shown = tenantUse;
        if (shown != null) {
            shown.refresh();
        }
        return registry.scrape();
    }
}
