package dev.skerry.server.jobs;

import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.settings.PoolText;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import io.micrometer.core.instrument.Gauge;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** The pools of the server's host: what is planned, how it goes, and the metrics of it. Thread-safe. */
public final class Pools {
    private final JobHost host;
    private final ServerMetrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<String> measured = new HashSet<>();

    public Pools(JobHost host, ServerMetrics metrics) {
        this.host = host;
        this.metrics = metrics;
    }

    /** Replaces all plans, until the server is started again. */
    public void plan(List<PoolPlan> plans) {
        lock.lock();
        try {
            host.plan(plans);
            plans.stream().map(PoolText::name).filter(measured::add).forEach(this::measure);
        } finally {
            lock.unlock();
        }
    }

    /** In the order of the plans. */
    public List<PoolState> states() {
        return host.pools();
    }

    /** A pool that is gone counts on from zero should it come back. */
    private void measure(String pool) {
        gauge(pool, "skerry.pool.ready", "Sandboxes that can be had at once.", PoolState::ready);
        gauge(pool, "skerry.pool.starting", "Sandboxes being made for the pool.", PoolState::starting);
        gauge(pool, "skerry.pool.target", "Sandboxes that shall be ready now.", PoolState::target);
        count(pool, "hit", PoolState::hits);
        count(pool, "miss", PoolState::misses);
        count(pool, "wait", PoolState::waits);
        count(pool, "refused", PoolState::refusals);
        metrics.counter(
                "skerry.pool.failures",
                "Sandboxes for the pool that could not be made.",
                () -> (long) of(pool, PoolState::failures),
                "pool",
                pool);
    }

    private void gauge(String pool, String name, String description, ToDoubleFunction<PoolState> value) {
        Gauge.builder(name, () -> of(pool, value))
                .description(description)
                .tag("pool", pool)
                .register(metrics.registry());
    }

    private void count(String pool, String result, ToLongFunction<PoolState> value) {
        metrics.counter(
                "skerry.pool.claims",
                "Claims of the pool, by what came of them.",
                () -> (long) of(pool, state -> value.applyAsLong(state)),
                "pool",
                pool,
                "result",
                result);
    }

    private double of(String pool, ToDoubleFunction<PoolState> value) {
        return host.pools().stream()
                .filter(state -> PoolText.name(state.plan()).equals(pool))
                .mapToDouble(value)
                .findFirst()
                .orElse(0);
    }
}
