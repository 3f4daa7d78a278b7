package dev.skerry.host.pools;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.List;
import java.util.Optional;

/**
 * What a job claims.
 *
 * @param template by name
 * @param digest the template's, as it is now; a member of an earlier one is of no use
 * @param isolation the level that the job gets on this host, not its floor
 * @param prestart the language whose interpreter should wait in it; a member without any does too, less well
 */
public record Want(String template, String digest, Isolation isolation, Optional<String> prestart) {
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
                && (plan.prestart().isEmpty() || plan.prestart().equals(prestart));
    }
}
