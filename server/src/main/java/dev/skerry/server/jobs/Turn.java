package dev.skerry.server.jobs;

import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/** A job whose turn it is, until it is closed. Used by one thread, or by two that run its two programs. */
final class Turn implements AutoCloseable {
    private final JobHost host;
    private final TrustPolicy.Decision trust;
    private final Function<JobOrder, TrustPolicy.Decision> policy;
    private final Duration waited;
    private final Ran ran;
    private final BiConsumer<Boolean, Duration> over;
    private final List<Duration> took = new ArrayList<>();

    /** Is told of a program that has run, and what was decided for it. */
    @FunctionalInterface
    interface Ran {
        void ran(JobOrder order, TrustPolicy.Decision trust, JobOutcome outcome);
    }

    /**
     * @param trust of the job, as it was when it came
     * @param policy of what is run: an interactor may be in another template, and a template may change meanwhile
     * @param ran is told of each program that has run
     * @param over is told once, at the end, whether it ran, and how long all together
     */
    Turn(
            JobHost host,
            TrustPolicy.Decision trust,
            Function<JobOrder, TrustPolicy.Decision> policy,
            Duration waited,
            Ran ran,
            BiConsumer<Boolean, Duration> over) {
        this.host = host;
        this.trust = trust;
        this.policy = policy;
        this.waited = waited;
        this.ran = ran;
        this.over = over;
    }

    TrustPolicy.Decision trust() {
        return trust;
    }

    /** In the queue. */
    Duration waited() {
        return waited;
    }

    /** On the host, at the level that was decided on. */
    JobOutcome run(JobOrder order, JobListener listener) throws InterruptedException {
        return run(order, listener, _ -> {});
    }

    JobOutcome run(JobOrder order, JobListener listener, Consumer<TrustPolicy.Decision> decided)
            throws InterruptedException {
        TrustPolicy.Decision own = policy.apply(order);
        TrustPolicy.Decision stronger = own.floor().satisfies(trust.floor()) ? own : trust;
        decided.accept(stronger);
        JobOutcome outcome = host.run(atLeast(order, stronger), listener);
        if (!outcome.place().isolation().satisfies(stronger.floor())) {
            throw new Failure(
                    ErrorCode.INTERNAL,
                    "job " + order.id() + " ran at level "
                            + outcome.place().isolation().label() + ", and '" + stronger.rule() + "' demands "
                            + stronger.floor().label());
        }
        synchronized (took) {
            took.add(outcome.total());
        }
        ran.ran(order, stronger, outcome);
        return outcome;
    }

    private static JobOrder atLeast(JobOrder order, TrustPolicy.Decision trust) {
        return new JobOrder(
                order.id(),
                order.runtime(),
                order.floor().satisfies(trust.floor()) ? order.floor() : trust.floor(),
                order.limits(),
                order.files(),
                order.environment(),
                order.compile(),
                order.prestarted(),
                order.cases());
    }

    @Override
    public void close() {
        synchronized (took) {
            over.accept(!took.isEmpty(), took.stream().reduce(Duration.ZERO, Duration::plus));
        }
    }
}
