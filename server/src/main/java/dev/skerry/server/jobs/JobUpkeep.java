package dev.skerry.server.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells what is to be told of jobs that have ended, and forgets those that were kept long enough. */
final class JobUpkeep {
    /** Results of a tenant that are kept, and their characters. */
    static final int KEPT_MAX = 10_000;

    static final long KEPT_CHARACTERS = 512L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(JobUpkeep.class);
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Duration SWEEP = Duration.ofMinutes(1);
    private static final int AT_ONCE = 16;

    private final Submissions.Parts parts;
    private final ExecutorService threads;
    private final Semaphore nudges = new Semaphore(0);
    private final LongAdder told = new LongAdder();
    private Instant sweptAt = Instant.EPOCH;

    /** @param threads ends with it */
    JobUpkeep(Submissions.Parts parts, ExecutorService threads) {
        this.parts = parts;
        this.threads = threads;
    }

    void start() {
        threads.execute(this::run);
    }

    /** Something has ended. */
    void nudge() {
        if (nudges.availablePermits() == 0) {
            nudges.release();
        }
    }

    long told() {
        return told.sum();
    }

    private void run() {
        try {
            while (!threads.isShutdown()) {
                boolean _ = nudges.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
                try {
                    tell();
                    sweep();
                } catch (RejectedExecutionException e) {
                    return;
                } catch (RuntimeException e) {
                    LOG.atWarn().setCause(e).log("jobs that have ended could not be looked after");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell() throws InterruptedException {
        List<Future<?>> under = new ArrayList<>();
        for (JobStore.Due due : parts.store().due(now(), AT_ONCE)) {
            under.add(threads.submit(() -> {
                tell(due);
                return true;
            }));
        }
        for (Future<?> one : under) {
            try {
                Object _ = one.get();
            } catch (ExecutionException e) {
                LOG.atWarn().setCause(e.getCause()).log("the end of a job could not be told");
            }
        }
    }

    private void tell(JobStore.Due due) throws InterruptedException {
        StoredJob job = due.job();
        String json = StoredJobText.of(job).put("type", "skerry.job.ended").toString();
        String error = parts.callbacks()
                .tell(job.token(), due.callback().url(), due.callback().secret(), json);
        if (error.isEmpty()) {
            told.increment();
            parts.store().told(job.token(), Optional.empty(), "");
            return;
        }
        int failures = job.callback().map(StoredJob.Call::failures).orElse(0) + 1;
        Instant since = job.endedAt().orElse(now());
        parts.store().told(job.token(), parts.callbacks().again(failures, since, now()), error);
    }

    private void sweep() {
        Instant now = now();
        if (now.isBefore(sweptAt.plus(SWEEP))) {
            return;
        }
        sweptAt = now;
        int forgotten = parts.store().forget(now.minus(parts.settings().keep()), KEPT_MAX, KEPT_CHARACTERS);
        if (forgotten > 0) {
            LOG.atInfo().addKeyValue("jobs", forgotten).log("results of jobs were kept long enough");
        }
    }

    private Instant now() {
        return parts.clock().instant();
    }
}
