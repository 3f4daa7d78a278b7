package dev.skerry.server.jobs;

import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.tenants.TenantId;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What outlives a server in a history: as {@link SqlJobStore}, without a disk. */
final class InMemoryJobStore implements JobStore {
    private final Map<String, Fresh> handed = new HashMap<>();
    private final TreeMap<String, StoredJob> jobs = new TreeMap<>();

    private static StoredJob waiting(Fresh fresh) {
        return new StoredJob(
                fresh.token(),
                fresh.tenant(),
                fresh.digest(),
                Stage.WAITING,
                fresh.at(),
                Optional.empty(),
                Optional.empty(),
                0,
                "",
                "",
                fresh.callback().map(callback -> new StoredJob.Call(callback.url(), Optional.empty(), 0, "")));
    }

    private static StoredJob with(StoredJob job, Stage stage, int attempts) {
        return new StoredJob(
                job.token(),
                job.tenant(),
                job.digest(),
                stage,
                job.createdAt(),
                job.beganAt(),
                job.endedAt(),
                attempts,
                job.verdict(),
                job.result(),
                job.callback());
    }

    private static StoredJob with(StoredJob job, Optional<StoredJob.Call> call) {
        return new StoredJob(
                job.token(),
                job.tenant(),
                job.digest(),
                job.stage(),
                job.createdAt(),
                job.beganAt(),
                job.endedAt(),
                job.attempts(),
                job.verdict(),
                job.result(),
                call);
    }

    @Override
    public synchronized boolean insert(Fresh fresh) {
        boolean known = fresh.idempotencyKey()
                .flatMap(key -> byKey(fresh.tenant(), key))
                .isPresent();
        if (!known) {
            handed.put(fresh.token(), fresh);
            jobs.put(fresh.token(), waiting(fresh));
        }
        return !known;
    }

    @Override
    public synchronized void withdraw(String token) {
        jobs.remove(token);
        handed.remove(token);
    }

    @Override
    public synchronized Optional<StoredJob> get(TenantId tenant, String token) {
        return Optional.ofNullable(jobs.get(token)).filter(job -> job.tenant().equals(tenant));
    }

    @Override
    public synchronized Optional<StoredJob> byKey(TenantId tenant, String key) {
        return handed.values().stream()
                .filter(fresh -> fresh.tenant().equals(tenant)
                        && fresh.idempotencyKey().filter(key::equals).isPresent())
                .findFirst()
                .flatMap(fresh -> get(tenant, fresh.token()));
    }

    @Override
    public synchronized List<StoredJob> list(
            TenantId tenant, Optional<Stage> stage, Optional<String> before, int limit) {
        return jobs.descendingMap().values().stream()
                .filter(job -> job.tenant().equals(tenant)
                        && stage.map(job.stage()::equals).orElse(true)
                        && before.map(token -> job.token().compareTo(token) < 0).orElse(true))
                .limit(limit)
                .toList();
    }

    private Stream<StoredJob> open() {
        return jobs.values().stream().filter(job -> !job.ended());
    }

    @Override
    public synchronized long unfinished(TenantId tenant) {
        return open().filter(job -> job.tenant().equals(tenant)).count();
    }

    @Override
    public synchronized List<Unfinished> unfinished() {
        return open().map(job -> new Unfinished(job.token(), job.tenant())).toList();
    }

    @Override
    public synchronized List<StoredJob> takeUp() {
        jobs.replaceAll((_, job) -> job.stage() == Stage.RUNNING ? with(job, Stage.WAITING, job.attempts()) : job);
        return open().toList();
    }

    @Override
    public synchronized Optional<String> request(String token) {
        return Optional.ofNullable(jobs.get(token)).filter(job -> !job.ended()).map(job -> handed.get(job.token())
                .request());
    }

    private boolean change(String token, boolean may, UnaryOperator<StoredJob> change) {
        if (may) {
            jobs.computeIfPresent(token, (_, job) -> change.apply(job));
        }
        return may;
    }

    private boolean is(String token, Stage stage) {
        StoredJob job = jobs.get(token);
        return job != null && job.stage() == stage;
    }

    private boolean runs(String token, int attempt) {
        return is(token, Stage.RUNNING) && jobs.get(token).attempts() == attempt;
    }

    @Override
    public synchronized Optional<Integer> begin(String token, Instant now) {
        boolean begun = change(token, is(token, Stage.WAITING), job -> with(job, Stage.RUNNING, job.attempts() + 1));
        return begun ? Optional.of(jobs.get(token).attempts()) : Optional.empty();
    }

    @Override
    public synchronized boolean putBack(String token, int attempt) {
        return change(token, runs(token, attempt), job -> with(job, Stage.WAITING, attempt));
    }

    @Override
    public synchronized boolean end(String token, int attempt, String verdict, String result, Instant now) {
        boolean may = attempt == 0 ? is(token, Stage.WAITING) : runs(token, attempt);
        return change(
                token,
                may,
                job -> new StoredJob(
                        token,
                        job.tenant(),
                        job.digest(),
                        Stage.ENDED,
                        job.createdAt(),
                        Optional.of(now),
                        Optional.of(now),
                        job.attempts(),
                        verdict,
                        result,
                        job.callback().map(call -> new StoredJob.Call(call.url(), Optional.of(now), 0, ""))));
    }

    private Optional<Instant> toTellAt(StoredJob job) {
        return job.callback().flatMap(StoredJob.Call::nextAt);
    }

    @Override
    public synchronized List<Telling> toTell(Instant now, int ofTenant) {
        return jobs.values().stream()
                .filter(job -> toTellAt(job).filter(at -> !at.isAfter(now)).isPresent())
                .sorted(Comparator.comparing(job -> toTellAt(job).orElseThrow()))
                .limit(2L * ofTenant)
                .map(job -> new Telling(
                        job.token(),
                        job.tenant(),
                        job.callback().orElseThrow().url(),
                        job.endedAt().orElseThrow(),
                        job.result().length()))
                .toList();
    }

    @Override
    public synchronized Optional<Due> due(String token) {
        return Optional.ofNullable(jobs.get(token))
                .filter(job -> toTellAt(job).isPresent())
                .map(job -> new Due(job, handed.get(token).callback().orElseThrow()));
    }

    @Override
    public synchronized void told(String token, Optional<Instant> next, String error) {
        jobs.computeIfPresent(
                token,
                (_, job) -> with(
                        job,
                        job.callback()
                                .map(call -> new StoredJob.Call(
                                        call.url(), next, call.failures() + (error.isEmpty() ? 0 : 1), error))));
    }

    @Override
    public synchronized void postpone(Collection<String> tokens, Instant until) {
        for (String token : tokens) {
            jobs.computeIfPresent(
                    token,
                    (_, job) -> with(
                            job,
                            job.callback()
                                    .map(call -> call.nextAt()
                                                    .filter(until::isAfter)
                                                    .isPresent()
                                            ? new StoredJob.Call(
                                                    call.url(), Optional.of(until), call.failures(), call.error())
                                            : call)));
        }
    }

    @Override
    public int forget(Instant before, int most, long characters) {
        return 0;
    }
}
