package dev.skerry.server.jobs;

import dev.skerry.server.jobs.JobStore.Due;
import dev.skerry.server.jobs.JobStore.Telling;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what is to be told of jobs that have ended, forgets those that were kept long enough, and has those gone on
 * with that nobody here knows of. What is to be done is what the store says, so a crash changes nothing.
 */
final class JobUpkeep {
    /** Results of a tenant that are kept, and their characters. */
    static final int KEPT_MAX = 10_000;

    static final long KEPT_CHARACTERS = 512L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(JobUpkeep.class);
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Duration SWEEP = Duration.ofMinutes(1);

    /** Of the oldest and of the newest of a tenant that are looked at at a time. */
    private static final int WINDOW = 16;

    private final Submissions.Parts parts;
    private final ExecutorService threads;
    private final Runnable reconcile;
    private final Duration reconciling;
    private final Semaphore nudges = new Semaphore(0);
    private final LongAdder told = new LongAdder();
    /** Guarded by itself. */
    private final CallbackTurns turns = new CallbackTurns();

    private Instant sweptAt = Instant.EPOCH;
    private Instant reconciledAt = Instant.EPOCH;

    /**
     * @param threads ends with it
     * @param reconcile goes on with jobs that are stored and that nobody here knows of
     * @param reconciling how often
     */
    JobUpkeep(Submissions.Parts parts, ExecutorService threads, Runnable reconcile, Duration reconciling) {
        this.parts = parts;
        this.threads = threads;
        this.reconcile = reconcile;
        this.reconciling = reconciling;
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
                    reconcile();
                } catch (RejectedExecutionException e) {
                    return;
                } catch (RuntimeException | Error e) {
                    LOG.atWarn().setCause(e).log("jobs that have ended could not be looked after");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell() {
        List<Telling> due = parts.store().toTell(now(), WINDOW);
        CallbackTurns.Plan plan;
        synchronized (turns) {
            plan = turns.plan(due, now());
        }
        for (Telling one : plan.begin()) {
            threads.execute(() -> tell(one));
        }
        plan.later().forEach(this::later);
    }

    /** Their receiver has just not taken others. */
    private void later(Instant until, List<Telling> all) {
        List<String> tokens = all.stream()
                .filter(one -> !givenUp(one, until))
                .map(Telling::token)
                .toList();
        parts.store().postpone(tokens, until);
    }

    /** One that is tried for the last time then, and so is not put off any more. */
    private boolean givenUp(Telling one, Instant until) {
        if (parts.callbacks().again(1, one.endedAt(), until).isPresent()) {
            return false;
        }
        parts.store().told(one.token(), Optional.empty(), "its receiver did not take others in all that time either");
        return true;
    }

    private void tell(Telling one) {
        long begin = System.nanoTime();
        Optional<Boolean> arrived = Optional.of(false);
        try {
            arrived = parts.store().due(one.token()).map(this::arrives);
        } catch (RuntimeException | Error e) {
            LOG.atWarn().addKeyValue("job", one.token()).setCause(e).log("the end of a job could not be told");
        } finally {
            synchronized (turns) {
                turns.over(one, arrived, Duration.ofNanos(System.nanoTime() - begin), now());
            }
            nudge();
        }
    }

    private boolean arrives(Due due) {
        StoredJob job = due.job();
        String json = StoredJobText.of(job).put("type", "skerry.job.ended").toString();
        String error;
        try {
            error = parts.callbacks()
                    .tell(job.token(), due.callback().url(), due.callback().secret(), json);
        } catch (InterruptedException e) {
            // The server is being stopped; the next one tells it.
            Thread.currentThread().interrupt();
            return false;
        }
        if (error.isEmpty()) {
            told.increment();
            parts.store().told(job.token(), Optional.empty(), "");
            return true;
        }
        int failures = job.callback().map(StoredJob.Call::failures).orElse(0) + 1;
        Instant since = job.endedAt().orElse(now());
        parts.store().told(job.token(), parts.callbacks().again(failures, since, now()), error);
        return false;
    }

    private void sweep() {
        Instant now = now();
        if (!isDue(sweptAt, SWEEP, now)) {
            return;
        }
        sweptAt = now;
        int forgotten = parts.store().forget(now.minus(parts.settings().keep()), KEPT_MAX, KEPT_CHARACTERS);
        if (forgotten > 0) {
            LOG.atInfo().addKeyValue("jobs", forgotten).log("results of jobs were kept long enough");
        }
    }

    private void reconcile() {
        Instant now = now();
        if (isDue(reconciledAt, reconciling, now)) {
            reconciledAt = now;
            reconcile.run();
        }
    }

    /** Also when the clock was set back behind the last time. */
    private static boolean isDue(Instant last, Duration every, Instant now) {
        return now.isBefore(last) || !now.isBefore(last.plus(every));
    }

    private Instant now() {
        return parts.clock().instant();
    }
}
