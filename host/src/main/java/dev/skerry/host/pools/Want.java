package dev.skerry.host.pools;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a job claims, or a server for a client.
 *
 * @param template by name
 * @param digest the template's, as it is now; a member of an earlier one is of no use
 * @param isolation the level that the job gets on this host, not its floor
 * @param prestarted of the plans with an interpreter that waits those whose interpreter can run the job; a member
 *     without any does too, less well. It was found out before, as that takes time and this is asked with a lock held
 * @param shape of the sandbox for a client; empty: it is for a job
 */
public record Want(
        String template, String digest, Isolation isolation, Set<PoolPlan> prestarted, Optional<PoolPlan.Shape> shape) {
    public Want {
        prestarted = Set.copyOf(prestarted);
    }

    /** For a job. */
    public Want(String template, String digest, Isolation isolation, Set<PoolPlan> prestarted) {
        this(template, digest, isolation, prestarted, Optional.empty());
    }

    /** One that starts its own interpreter. */
    public Want(String template, String digest, Isolation isolation) {
        this(template, digest, isolation, Set.of());
    }

    /** Of these pools those that will do, the better ones first. */
    <M> List<Inventory<M>> candidates(List<Inventory<M>> pools) {
        return pools.stream()
                .filter(pool -> matches(pool.plan()))
                .sorted((one, other) -> Boolean.compare(
                        one.plan().prestart().isEmpty(), other.plan().prestart().isEmpty()))
                .toList();
    }

    private boolean matches(PoolPlan plan) {
        return plan.template().equals(template)
                && plan.isolation() == isolation
                && plan.shape().equals(shape)
                && (plan.prestart().isEmpty() || prestarted.contains(plan));
    }
}
