package dev.skerry.server.e2b;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A host whose pools are as planned: half of each is ready. */
final class FakePools implements JobHost {
    private volatile List<PoolPlan> plans = List.of();

    @Override
    public List<LanguageRuntime> runtimes() {
        return List.of();
    }

    @Override
    public JobOutcome run(JobOrder order, JobListener listener) {
        throw new UnsupportedOperationException("it has pools only");
    }

    @Override
    public void floors(Map<String, Isolation> ofTemplates) {}

    @Override
    public void plan(List<PoolPlan> others) {
        plans = List.copyOf(others);
    }

    @Override
    public List<PoolState> pools() {
        return plans.stream()
                .map(plan -> new PoolState(
                        plan,
                        plan.cap() / 2,
                        1,
                        plan.cap(),
                        7,
                        2,
                        0,
                        0,
                        0,
                        1.5,
                        Duration.ofMillis(4),
                        Optional.of("short")))
                .toList();
    }

    @Override
    public void close() {}
}
