package dev.skerry.server.jobs;

import dev.skerry.server.jobs.JobStore.Unfinished;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has what was handed in run in its turn, and goes on with it where it could not be stored: from what is stored.
 * Thread-safe.
 */
final class JobRuns {
    private static final Logger LOG = LoggerFactory.getLogger(JobRuns.class);
    /** Between looks at what could not be stored; each is twice the one before. */
    private static final Duration PAUSE = Duration.ofMillis(250);

    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

    private final Submissions.Parts parts;
    private final Attempts attempts;
    private final ExecutorService threads;
    private final LiveJobs live;
    private final Runnable ended;
    private volatile boolean closing;

    /**
     * @param threads ends with it
     * @param ended is run after a job has ended
     */
    JobRuns(Submissions.Parts parts, ExecutorService threads, LiveJobs live, Runnable ended) {
        this.parts = parts;
        this.attempts = new Attempts(parts);
        this.threads = threads;
        this.live = live;
        this.ended = ended;
    }

    /** Takes up what a server before has left. */
    void takeUp(List<StoredJob> left) {
        // Before anybody reconciles: nobody has left those behind.
        left.forEach(job -> live.comes(job.token()));
        threads.execute(() -> left.forEach(this::takeUp));
    }

    private void takeUp(StoredJob job) {
        boolean taken = false;
        try {
            resume(job);
            taken = true;
        } catch (RuntimeException | Error e) {
            LOG.atWarn().addKeyValue("job", job.token()).setCause(e).log("a job could not be taken up");
        } finally {
            live.came(job.token());
        }
        if (!taken) {
            goOn(new LiveJob(job.token(), job.tenant()));
        }
    }

    /**
     * Goes on with what is stored and nobody here knows of: whoever handed it in was not told that it was stored, or
     * it could not be taken back.
     */
    void reconcile() {
        for (Unfinished one : parts.store().unfinished()) {
            goOn(new LiveJob(one.token(), one.tenant()));
        }
    }

    private void goOn(LiveJob job) {
        if (!closing && live.putNew(job)) {
            threads.execute(() -> {
                if (!wentOn(job)) {
                    lookAgain(job);
                }
            });
        }
    }

    private void resume(StoredJob job) {
        try {
            Optional<String> request = parts.store().request(job.token());
            if (request.isPresent() && !closing) {
                enter(job.token(), parts.read(job.tenant(), request.get()), parts.queue()::enterAgain);
            }
        } catch (Failure e) {
            boolean later = e.code().retryable() && e.code() != ErrorCode.UNSUPPORTED;
            if (closing || later) {
                // The next server goes on with it, or this one when the host is there again.
                return;
            }
            boolean _ = parts.store()
                    .end(
                            job.token(),
                            0,
                            Verdict.INTERNAL_ERROR.label(),
                            JudgementText.of(e).toString(),
                            parts.clock().instant());
        }
    }

    /** How a job gets its place. */
    @FunctionalInterface
    interface Entrance {
        Ticket enter(Submission submission, int parts, Runnable begin);
    }

    /** What waits has no contents: those are read when its turn has come. */
    void enter(String token, JobWork work, Entrance entrance) {
        LiveJob job = new LiveJob(token, work.submission().tenant());
        live.put(job);
        try {
            job.waits(entrance.enter(work.submission().withoutContents(), work.parts(), () -> begin(job)));
        } catch (RuntimeException | Error e) {
            live.remove(job);
            throw e;
        }
    }

    private void begin(LiveJob job) {
        if (closing) {
            return;
        }
        try {
            threads.execute(() -> attempt(job));
        } catch (RejectedExecutionException e) {
            LOG.atDebug().addKeyValue("job", job.token()).log("the server is being stopped");
        }
    }

    private void attempt(LiveJob job) {
        try {
            Optional<Duration> later = attempts.carryOut(job);
            if (later.isPresent()) {
                Thread.sleep(later.get());
                if (job.cancelled()) {
                    attempts.endCancelled(job.token(), 0);
                } else {
                    again(job, parts.store().get(job.tenant(), job.token()));
                    return;
                }
            }
            over(job);
        } catch (InterruptedException e) {
            // The server is being stopped; the next one goes on.
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.atWarn().addKeyValue("job", job.token()).setCause(e).log("a job could not be carried out");
            lookAgain(job);
        }
    }

    /** Whoever waits for the end of this one asks again. */
    private void again(LiveJob job, Optional<StoredJob> found) {
        found.ifPresent(this::resume);
        if (job.cancelled()) {
            // By somebody who knew of this one only.
            successor(job).ifPresent(this::cancel);
        }
        over(job);
    }

    private Optional<LiveJob> successor(LiveJob job) {
        return live.get(job.token()).filter(now -> now != job);
    }

    /** What became of it could not be read or stored: once that can be, it goes on from what is stored. */
    private void lookAgain(LiveJob job) {
        try {
            for (Duration pause = PAUSE; !closing; pause = longer(pause)) {
                Thread.sleep(pause);
                if (wentOn(job)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // The server is being stopped; the next one goes on.
            Thread.currentThread().interrupt();
        }
    }

    static Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
    }

    private boolean wentOn(LiveJob job) {
        try {
            Optional<StoredJob> found = parts.store().get(job.tenant(), job.token());
            if (found.isEmpty() || found.get().ended()) {
                over(job);
                return true;
            }
            boolean _ = parts.store().putBack(job.token(), found.get().attempts());
            if (job.cancelled()) {
                attempts.endCancelled(job.token(), 0);
                over(job);
            } else {
                again(job, found);
            }
            return true;
        } catch (RuntimeException | Error e) {
            LOG.atDebug().addKeyValue("job", job.token()).setCause(e).log("nothing can be stored of it yet");
            return false;
        }
    }

    private void over(LiveJob job) {
        live.remove(job);
        job.over();
        ended.run();
    }

    /** Has it end as soon as it can. */
    void cancel(LiveJob job) {
        job.cancel();
        successor(job).ifPresent(this::cancel);
        if (job.placed().filter(parts.queue()::withdraw).isPresent()) {
            endWithdrawn(job);
        } else {
            // Between two attempts nobody may be there any more who would see that it was cancelled.
            attempts.endCancelled(job.token(), 0);
        }
    }

    /** It has no place any more, so its turn will not come: who cannot store its end now does so later. */
    private void endWithdrawn(LiveJob job) {
        try {
            attempts.endCancelled(job.token(), 0);
        } catch (RuntimeException | Error e) {
            threads.execute(() -> lookAgain(job));
            throw e;
        }
        over(job);
    }

    /** One that nobody here knows of. */
    void cancel(String token) {
        attempts.endCancelled(token, 0);
    }

    /** Nothing begins any more. */
    void close() {
        closing = true;
    }
}
