package dev.skerry.server.jobs;

import dev.skerry.server.database.Database;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.TenantId;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What outlives the servers of a history: a store of jobs of one tenant, and what it was told. Thread-safe. */
final class HistoryDisk implements AutoCloseable {
    private static final TenantId ACME = new TenantId("acme");
    private static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");
    private static final int ALL = 1000;

    private final JobStore inner;
    private final Runnable end;
    private final Map<String, String> names = new ConcurrentHashMap<>();
    private final Map<String, Integer> ends = new ConcurrentHashMap<>();

    private HistoryDisk(JobStore inner, Runnable end) {
        this.inner = inner;
        this.end = end;
    }

    /** That outlives the servers, and not the history. */
    static HistoryDisk inMemory() {
        return new HistoryDisk(new InMemoryJobStore(), () -> {});
    }

    /** @param file with all migrations */
    static HistoryDisk sqlite(Path file) {
        Database database = Database.open(file);
        return new HistoryDisk(new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE), database::close);
    }

    JobStore store() {
        return WatchedJobStore.of(this::called);
    }

    private Object called(Method method, Object[] arguments) throws Throwable {
        if (method.getName().equals("insert") && arguments[0] instanceof JobStore.Fresh fresh) {
            names.put(fresh.token(), fresh.request());
        }
        Object result = WatchedJobStore.pass(inner, method, arguments);
        if (method.getName().equals("end") && result.equals(true)) {
            ends.merge(String.valueOf(arguments[0]), 1, Integer::sum);
        }
        return result;
    }

    /** With their results. */
    List<StoredJob> all() {
        return inner.list(ACME, Optional.empty(), Optional.empty(), ALL).stream()
                .flatMap(job -> inner.get(ACME, job.token()).stream())
                .toList();
    }

    List<JobStore.Unfinished> unfinished() {
        return inner.unfinished();
    }

    boolean allTold() {
        return inner.toTell(LATER, ALL).isEmpty();
    }

    /** What was handed in. */
    String nameOf(String token) {
        return names.getOrDefault(token, "");
    }

    /** How often it was said that it has ended, and taken. */
    int ends(String token) {
        return ends.getOrDefault(token, 0);
    }

    @Override
    public void close() {
        end.run();
    }
}
