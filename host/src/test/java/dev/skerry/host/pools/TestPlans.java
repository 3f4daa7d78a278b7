package dev.skerry.host.pools;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.time.Duration;
import java.util.Optional;

/** Plans of tests, which differ in what a test is about. */
final class TestPlans {
    static final long MIB = 1 << 20;

    private TestPlans() {}

    static PoolPlan plan(int floor, int cap, Miss miss) {
        return plan("base", floor, cap, miss, Duration.ofSeconds(5));
    }

    static PoolPlan plan(String template, int floor, int cap, Miss miss, Duration patience) {
        return new PoolPlan(
                template, Isolation.CONTAINER, Optional.empty(), 128 * MIB, floor, cap, 0.9, 1L << 40, miss, patience);
    }

    static PoolPlan costing(PoolPlan plan, long idleBytes) {
        return new PoolPlan(
                plan.template(),
                plan.isolation(),
                plan.prestart(),
                plan.sandboxBytes(),
                plan.floor(),
                plan.cap(),
                plan.hitRate(),
                idleBytes,
                plan.miss(),
                plan.patience());
    }

    static PoolPlan expecting(PoolPlan plan, PoolPlan.Disk disk) {
        return new PoolPlan(
                plan.template(),
                plan.isolation(),
                plan.prestart(),
                plan.sandboxBytes(),
                plan.floor(),
                plan.cap(),
                plan.hitRate(),
                plan.idleBytes(),
                plan.miss(),
                plan.patience(),
                plan.shape(),
                Optional.of(disk));
    }

    static PoolPlan prestarted(PoolPlan plan, String language) {
        return new PoolPlan(
                plan.template(),
                plan.isolation(),
                Optional.of(language),
                plan.sandboxBytes(),
                plan.floor(),
                plan.cap(),
                plan.hitRate(),
                plan.idleBytes(),
                plan.miss(),
                plan.patience());
    }

    static Want want(String template) {
        return new Want(template, "sha256:" + template, Isolation.CONTAINER);
    }
}
