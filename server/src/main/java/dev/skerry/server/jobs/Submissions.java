package dev.skerry.server.jobs;

import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.Callbacks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs that are judged, now or later. What is handed in to be run later is on disk before that is said; it is run at
 * least once, also by the next server if this one ends, and its result is stored once. One of another tenant is
 * {@code NOT_FOUND}. Thread-safe.
 */
public final class Submissions implements AutoCloseable {
    /** Characters of what a tenant may have on disk that was not run yet. */
    static final long UNFINISHED_MAX = 512L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Submissions.class);
    /** Between looks at what could not be stored; each is twice the one before. */
    private static final Duration PAUSE = Duration.ofMillis(250);

    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);
    private static final Duration STOP = Duration.ofSeconds(5);
    private static final Duration TAKING_UP = Duration.ofMillis(100);

    private final Parts parts;
    private final Attempts attempts;
    private final JobUpkeep upkeep;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, LiveJob> live = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("job-", 0).factory());
    private volatile boolean draining;
    private volatile boolean closing;

    /**
     * What they are made of; nothing of it is closed with them.
     *
     * @param reader what was handed in, from its text and for its tenant, when it is run; throws what is wrong with it
     */
    public record Parts(
            JobQueue queue,
            JobStore store,
            Callbacks callbacks,
            Reader reader,
            JobSettings settings,
            InstantSource clock) {}

    /** Reads what was handed in. */
    @FunctionalInterface
    public interface Reader {
        JobWork read(TenantId tenant, String request);
    }

    /**
     * To be run later.
     *
     * @param work as the request says
     * @param request what the reader makes the same of
     * @param identity what two that are the same have in common
     * @param idempotencyKey two of the same tenant with the same one are one
     */
    public record Handed(
            JobWork work,
            String request,
            String identity,
            Optional<String> idempotencyKey,
            Optional<JobStore.Callback> callback) {}

    /** @param again it had been handed in before */
    public record Taken(StoredJob job, boolean again) {}

    public Submissions(Parts parts) {
        this.parts = parts;
        this.attempts = new Attempts(parts);
        this.upkeep = new JobUpkeep(parts, threads);
    }

    /** Takes up what a server before has left. */
    public Submissions start() {
        List<StoredJob> left = parts.store().takeUp();
        threads.execute(() -> left.forEach(this::takeUp));
        upkeep.start();
        return this;
    }

    private void takeUp(StoredJob job) {
        try {
            resume(job);
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("job", job.token()).setCause(e).log("a job could not be taken up");
            threads.execute(() -> lookAgain(new LiveJob(job.token(), job.tenant())));
        }
    }

    private void resume(StoredJob job) {
        try {
            Optional<String> request = parts.store().request(job.token());
            if (request.isPresent() && !closing) {
                enter(job.token(), parts.reader().read(job.tenant(), request.get()), parts.queue()::enterAgain);
            }
        } catch (Failure e) {
            if (closing) {
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

    /** Runs it when its turn comes, and waits. */
    public Judgement run(JobWork work) throws InterruptedException {
        try (Turn turn = parts.queue().take(work.submission(), work.parts())) {
            return Judge.judge(turn, work);
        }
    }

    /**
     * Takes it, to be run later.
     *
     * @throws Failure {@code CONFLICT} when something else was handed in under the same key; as {@link JobQueue#enter}
     */
    public Taken hand(Handed handed) {
        TenantId tenant = handed.work().submission().tenant();
        String digest = sha256(handed.identity());
        Optional<StoredJob> before =
                handed.idempotencyKey().flatMap(key -> parts.store().byKey(tenant, key));
        if (before.isPresent()) {
            return again(before.get(), digest);
        }
        parts.queue().requirePlace(handed.work().submission());
        if (parts.store().unfinished(tenant) + handed.request().length() > UNFINISHED_MAX) {
            throw Failure.limited(
                    "the jobs of tenant " + tenant + " that were not run yet have " + (UNFINISHED_MAX >> 20)
                            + " MiB, which is all that may",
                    "wait for some to end",
                    Duration.ofSeconds(10));
        }
        String token = SandboxId.create(parts.clock().instant(), random).text();
        boolean inserted = parts.store()
                .insert(new JobStore.Fresh(
                        token,
                        tenant,
                        handed.idempotencyKey(),
                        digest,
                        handed.request(),
                        parts.clock().instant(),
                        handed.callback()));
        if (!inserted) {
            return again(
                    parts.store()
                            .byKey(tenant, handed.idempotencyKey().orElse(""))
                            .orElseThrow(Submissions::missing),
                    digest);
        }
        try {
            enter(token, handed.work(), parts.queue()::enter);
        } catch (Failure e) {
            parts.store().withdraw(token);
            throw e;
        }
        return new Taken(get(tenant, token), false);
    }

    private static Taken again(StoredJob job, String digest) {
        if (!job.digest().equals(digest)) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "something else was handed in under this idempotency key, as job " + job.token(),
                    "use a key of its own for each job");
        }
        return new Taken(job, true);
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @FunctionalInterface
    private interface Entrance {
        Ticket enter(Submission submission, int parts, Runnable begin);
    }

    /** What waits has no contents: those are read when its turn has come. */
    private void enter(String token, JobWork work, Entrance entrance) {
        LiveJob job = new LiveJob(token, work.submission().tenant());
        live.put(token, job);
        try {
            job.waits(entrance.enter(work.submission().withoutContents(), work.parts(), () -> begin(job)));
        } catch (Failure e) {
            live.remove(token);
            throw e;
        }
    }

    private void begin(LiveJob job) {
        if (!closing) {
            threads.execute(() -> attempt(job));
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
                    resume(get(job.tenant(), job.token()));
                    // Whoever waits for the end of this one asks again.
                    job.over();
                    return;
                }
            }
            over(job);
        } catch (InterruptedException e) {
            // The server is being stopped; the next one goes on.
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.atWarn().addKeyValue("job", job.token()).setCause(e).log("a job could not be carried out");
            lookAgain(job);
        }
    }

    /** What became of it could not be read or stored: once that can be, it goes on from what is stored. */
    private void lookAgain(LiveJob job) {
        try {
            for (Duration pause = PAUSE; !closing; pause = pause.multipliedBy(2)) {
                Thread.sleep(pause.compareTo(PAUSE_MAX) < 0 ? pause : PAUSE_MAX);
                if (wentOn(job)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // The server is being stopped; the next one goes on.
            Thread.currentThread().interrupt();
        }
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
                return true;
            }
            resume(found.get());
            job.over();
            return true;
        } catch (RuntimeException e) {
            LOG.atDebug().addKeyValue("job", job.token()).setCause(e).log("nothing can be stored of it yet");
            return false;
        }
    }

    private void over(LiveJob job) {
        live.remove(job.token(), job);
        job.over();
        upkeep.nudge();
    }

    public StoredJob get(TenantId tenant, String token) {
        return parts.store().get(tenant, token).orElseThrow(Submissions::missing);
    }

    private static Failure missing() {
        return new Failure(ErrorCode.NOT_FOUND, "there is no such job", "results are kept for the time of 'jobs.keep'");
    }

    /** Waits until it has ended, but not longer. */
    public StoredJob await(TenantId tenant, String token, Duration most) throws InterruptedException {
        LiveJob job = live.get(token);
        StoredJob found = get(tenant, token);
        if (found.ended()) {
            return found;
        }
        if (draining) {
            throw new Failure(
                    ErrorCode.NO_CAPACITY,
                    "the server is being stopped; the job is run all the same",
                    "ask for it again in a moment");
        }
        if (job == null) {
            // It is about to be taken up.
            Thread.sleep(most.compareTo(TAKING_UP) < 0 ? most : TAKING_UP);
            return get(tenant, token);
        }
        return job.awaitEnd(most) ? get(tenant, token) : found;
    }

    /** Newest first. */
    public List<StoredJob> list(TenantId tenant, Optional<Stage> stage, Optional<String> before, int limit) {
        return parts.store().list(tenant, stage, before, limit);
    }

    /** Has it end as soon as it can; one that has ended stays as it is. */
    public void cancel(TenantId tenant, String token) {
        StoredJob found = get(tenant, token);
        LiveJob job = live.get(token);
        if (found.ended()) {
            return;
        }
        if (job == null) {
            attempts.endCancelled(token, 0);
            return;
        }
        job.cancel();
        if (job.placed().filter(parts.queue()::withdraw).isPresent()) {
            attempts.endCancelled(token, 0);
            over(job);
        }
    }

    JobUpkeep upkeep() {
        return upkeep;
    }

    /** How many were handed in and have not ended. */
    public int unfinished() {
        return live.size();
    }

    /** Nobody waits for an end any more. */
    public void drain() {
        draining = true;
        live.values().forEach(LiveJob::over);
    }

    /** Breaks off what runs; it is run again by the next server. */
    @Override
    public void close() {
        closing = true;
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("jobs have not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
