package dev.skerry.server.jobs;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobOrder;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A job of somebody.
 *
 * @param user within the tenant, as its key or its request says: tenants take turns, and users within a tenant
 * @param priority within the tenant's turn; higher goes first; from -10 to 10
 * @param finishBy when its result is of no use any more
 * @param labels what the policy of trust may look at
 */
public record Submission(
        TenantId tenant,
        Optional<String> user,
        int priority,
        Optional<Instant> finishBy,
        Map<String, String> labels,
        JobOrder order) {
    public Submission {
        labels = Map.copyOf(labels);
    }

    /** The same without what it reads and compiles: what has to be known of it while it waits. */
    Submission withoutContents() {
        JobCase empty = new JobCase(
                Optional.empty(), List.of(), order.cases().getFirst().limits());
        return new Submission(
                tenant,
                user,
                priority,
                finishBy,
                labels,
                new JobOrder(
                        order.id(),
                        order.runtime(),
                        order.floor(),
                        order.limits(),
                        List.of(),
                        Map.of(),
                        order.compile(),
                        order.prestarted(),
                        Collections.nCopies(order.cases().size(), empty)));
    }
}
