package dev.skerry.server.operations;

import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What each tenant takes, as gauges with the tenant as their label; of many tenants those that have most running. */
final class TenantUse {
    private static final int TENANTS_MAX = 200;

    private final Map<Resource, MultiGauge> gauges = new EnumMap<>(Resource.class);
    private final Supplier<Map<TenantId, Map<Resource, Long>>> use;

    TenantUse(MeterRegistry registry, Supplier<Map<TenantId, Map<Resource, Long>>> use) {
        this.use = use;
        gauge(registry, Resource.SANDBOXES, "sandboxes.running", "Sandboxes of the tenant that run.");
        gauge(registry, Resource.CPU_MILLIS, "cpu.millis", "Thousandths of a CPU that the tenant's quota has given.");
        gauge(registry, Resource.MEMORY_BYTES, "memory.bytes", "Memory that the tenant's quota has given.");
        gauge(registry, Resource.DISK_BYTES, "disk.bytes", "Disk that the tenant's quota has given.");
    }

    private void gauge(MeterRegistry registry, Resource resource, String name, String description) {
        gauges.put(
                resource,
                MultiGauge.builder("skerry.tenant." + name)
                        .description(description)
                        .register(registry));
    }

    /** Before each scrape; a tenant that has nothing any more is not shown. */
    synchronized void refresh() {
        List<Map.Entry<TenantId, Map<Resource, Long>>> shown = use.get().entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<TenantId, Map<Resource, Long>> entry) ->
                                entry.getValue().getOrDefault(Resource.SANDBOXES, 0L))
                        .reversed()
                        .thenComparing(entry -> entry.getKey().text()))
                .limit(TENANTS_MAX)
                .toList();
        gauges.forEach((resource, gauge) -> gauge.register(
                shown.stream()
                        .map(entry -> row(entry.getKey(), entry.getValue().getOrDefault(resource, 0L)))
                        .toList(),
                true));
    }

    private static MultiGauge.Row<?> row(TenantId tenant, long amount) {
        return MultiGauge.Row.of(Tags.of("tenant", tenant.text()), amount);
    }
}
