package dev.skerry.host.pools;

import dev.skerry.host.engine.Engine;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What plans must be, and which of two are for the same kind of member. */
final class Plans {
    private static final int CAP_MAX = 10_000;

    private Plans() {}

    /** What is the same in all plans of one pool while they are replaced. */
    private record Kind(
            String template,
            Isolation isolation,
            Optional<String> prestart,
            long bytes,
            Optional<PoolPlan.Shape> shape) {
        static Kind of(PoolPlan plan) {
            return new Kind(plan.template(), plan.isolation(), plan.prestart(), plan.sandboxBytes(), plan.shape());
        }
    }

    static <M> List<PoolPlan> of(List<Inventory<M>> pools, String template, Optional<PoolPlan.Shape> shape) {
        return pools.stream()
                .map(Inventory::plan)
                .filter(plan -> plan.isOf(template, shape))
                .toList();
    }

    static boolean sameKind(PoolPlan one, PoolPlan other) {
        return Kind.of(one).equals(Kind.of(other));
    }

    /** @throws Failure {@code INVALID_REQUEST} that names the pool and what is wrong with it */
    static void check(List<PoolPlan> plans) {
        Set<Kind> seen = new HashSet<>();
        for (PoolPlan plan : plans) {
            require(plan, plan.floor() >= 0 && plan.floor() <= plan.cap(), "floor is from 0 to cap");
            require(plan, plan.cap() <= CAP_MAX, "cap is at most " + CAP_MAX);
            require(plan, plan.hitRate() >= 0 && plan.hitRate() <= 1, "hit rate is from 0 to 1");
            require(plan, plan.idleBytes() >= 0, "idle bytes are not negative");
            require(plan, plan.sandboxBytes() >= Limits.MEMORY_BYTES_MIN, "a sandbox needs at least 16 MiB");
            require(plan, !plan.patience().isNegative(), "patience is not negative");
            require(plan, plan.shape().isEmpty() || plan.prestart().isEmpty(), "clients start their own programs");
            require(plan, seen.add(Kind.of(plan)), "it is planned twice");
        }
    }

    private static void require(PoolPlan plan, boolean condition, String rule) {
        if (!condition) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "the pool of '" + name(plan) + "': " + rule);
        }
    }

    /** @throws Failure {@code UNSUPPORTED} where this host has no such level */
    static void requireLevel(Engine engine, PoolPlan plan) {
        Isolation level = engine.drivers().select(plan.isolation()).level();
        if (level != plan.isolation()) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "this host has no level " + plan.isolation().label(),
                    "who asks for it gets " + level.label() + ": plan the pool for that");
        }
    }

    /** For readers. */
    static String name(PoolPlan plan) {
        String inside = plan.shape()
                .map(_ -> ", for clients")
                .or(() -> plan.prestart().map(language -> ", " + language))
                .orElse("");
        return plan.template() + ", " + plan.isolation().label() + inside;
    }
}
