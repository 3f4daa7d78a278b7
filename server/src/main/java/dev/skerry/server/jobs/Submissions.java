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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
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
    private static final Duration STOP = Duration.ofSeconds(5);

    /** Between looks at what is stored of jobs that nobody here knows of. */
    private static final Duration RECONCILING = Duration.ofSeconds(10);

    /** Between looks at a job that is waited for and is not run here. */
    private static final Duration ELSEWHERE = Duration.ofSeconds(1);

    private final Parts parts;
    private final LiveJobs live = new LiveJobs();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("job-", 0).factory());
    private final JobRuns runs;
    private final JobUpkeep upkeep;
    private final SecureRandom random = new SecureRandom();
    private volatile boolean draining;

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
            InstantSource clock) {
        /** @throws Failure {@code INTERNAL} where its text is more than the server can read, too */
        JobWork read(TenantId tenant, String request) {
            try {
                return reader.read(tenant, request);
            } catch (Error e) {
                throw Attempts.internal(e);
            }
        }
    }

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
        this(parts, RECONCILING);
    }

    /** @param reconciling how often it is looked for jobs that are stored and that nobody here knows of */
    Submissions(Parts parts, Duration reconciling) {
        this.parts = parts;
        this.runs = new JobRuns(parts, threads, live, this::nudge);
        this.upkeep = new JobUpkeep(parts, threads, runs::reconcile, reconciling);
    }

    private void nudge() {
        upkeep.nudge();
    }

    /** Takes up what a server before has left. */
    public Submissions start() {
        runs.takeUp(parts.store().takeUp());
        upkeep.start();
        return this;
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
        Optional<StoredJob> before = handed.idempotencyKey().flatMap(key -> known(tenant, key));
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
        live.asksForPlace(token);
        try {
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
                // One that was there may have been taken back meanwhile.
                return hand(handed);
            }
            enter(token, handed.work());
        } finally {
            live.came(token);
        }
        return new Taken(get(tenant, token), false);
    }

    /** What was handed in under that key, and stays. */
    private Optional<StoredJob> known(TenantId tenant, String key) {
        Optional<StoredJob> found = parts.store().byKey(tenant, key);
        while (found.isPresent()) {
            live.awaitDecision(found.get().token());
            Optional<StoredJob> still = parts.store().get(tenant, found.get().token());
            if (still.isPresent()) {
                return still;
            }
            found = parts.store().byKey(tenant, key);
        }
        return found;
    }

    private void enter(String token, JobWork work) {
        try {
            runs.enter(token, work, parts.queue()::enter);
        } catch (Failure e) {
            parts.store().withdraw(token);
            throw e;
        }
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

    public StoredJob get(TenantId tenant, String token) {
        return parts.store().get(tenant, token).orElseThrow(Submissions::missing);
    }

    private static Failure missing() {
        return new Failure(ErrorCode.NOT_FOUND, "there is no such job", "results are kept for the time of 'jobs.keep'");
    }

    /** Waits until it has ended, but not longer. */
    public StoredJob await(TenantId tenant, String token, Duration most) throws InterruptedException {
        return await(tenant, token, most, () -> {});
    }

    /** @param waits is run before it begins to wait, if it has to */
    public StoredJob await(TenantId tenant, String token, Duration most, Runnable waits) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        boolean asked = false;
        while (true) {
            Optional<LiveJob> job = live.get(token);
            StoredJob found = ask(tenant, token);
            Duration left = Duration.ofNanos(end - System.nanoTime());
            if (found.ended() || (asked && draining) || !left.isPositive()) {
                return found;
            }
            if (draining) {
                throw stopping();
            }
            if (!asked) {
                waits.run();
                asked = true;
            }
            if (job.isPresent()) {
                boolean _ = job.get().awaitEnd(left);
            } else {
                // It is about to be taken up, or another server has it.
                live.await(token, left.compareTo(ELSEWHERE) < 0 ? left : ELSEWHERE);
            }
        }
    }

    /**
     * As {@link #get}, for who may be interrupted at any moment: in the middle of a question to PostgreSQL that would
     * close its connection.
     */
    private StoredJob ask(TenantId tenant, String token) throws InterruptedException {
        try {
            return threads.submit(() -> get(tenant, token)).get();
        } catch (RejectedExecutionException e) {
            throw stopping();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failed ? failed : new IllegalStateException(e.getCause());
        }
    }

    private static Failure stopping() {
        return new Failure(
                ErrorCode.NO_CAPACITY,
                "the server is being stopped; the job is run all the same",
                "ask for it again in a moment");
    }

    /** Newest first. */
    public List<StoredJob> list(TenantId tenant, Optional<Stage> stage, Optional<String> before, int limit) {
        return parts.store().list(tenant, stage, before, limit);
    }

    /** Has it end as soon as it can; one that has ended stays as it is. */
    public void cancel(TenantId tenant, String token) {
        StoredJob found = get(tenant, token);
        if (!found.ended()) {
            live.get(token).ifPresentOrElse(runs::cancel, () -> runs.cancel(token));
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
        live.all().forEach(LiveJob::over);
    }

    /** Breaks off what runs; it is run again by the next server. */
    @Override
    public void close() {
        runs.close();
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
