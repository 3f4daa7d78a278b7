package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.JobOrder;
import java.util.List;
import java.util.Optional;

/**
 * What is to be run and judged.
 *
 * @param expected for each case; empty: it is accepted when it ends well
 * @param stopEarly whether cases are left out after one that was not accepted
 * @param interactor runs at the same time; the stdout of each is the stdin of the other. It has as many cases
 */
public record JobWork(
        Submission submission, List<Optional<Expectation>> expected, boolean stopEarly, Optional<JobOrder> interactor) {
    public JobWork {
        expected = List.copyOf(expected);
        int cases = submission.order().cases().size();
        if (expected.size() != cases
                || interactor.map(order -> order.cases().size()).orElse(cases) != cases) {
            throw new IllegalArgumentException("not as many as cases");
        }
    }

    /** Programs that run at the same time. */
    int parts() {
        return interactor.isPresent() ? 2 : 1;
    }
}
