package dev.skerry.server.tenants;

import dev.skerry.server.database.Conditions;
import dev.skerry.server.database.DatabaseTrouble;
import dev.skerry.server.database.Micros;
import dev.skerry.server.database.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who changed what. Entries are written by one thread, those that come within a moment in one transaction, so that no
 * request waits for a flush of the disk of its own: a process that is killed may lose those of its last moment. One
 * that cannot be written goes to the log instead, and is counted. Thread-safe.
 */
public final class AuditLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int WAITING_MAX = 10_000;
    private static final int TOGETHER_MAX = 500;
    private static final long MOMENT_MILLIS = 50;
    private static final long POLL_MILLIS = 500;
    private static final Duration PRUNE_INTERVAL = Duration.ofHours(1);
    private static final int PRUNED_MAX = 1000;
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /** Is written nowhere. */
    private static final AuditEntry WAKE =
            new AuditEntry(0, Instant.EPOCH, TenantId.DEFAULT, "", "", "", "", "", 0, "", "");

    private static final RowMapper<AuditEntry> ROW = (row, _) -> new AuditEntry(
            row.getLong("sequence"),
            Micros.instant(row.getLong("at")),
            new TenantId(row.getString("tenant")),
            row.getString("key_id"),
            row.getString("key_name"),
            row.getString("operation"),
            row.getString("subject"),
            row.getString("address"),
            row.getInt("status"),
            row.getString("code"),
            row.getString("request"));

    private static final List<String> SEARCHED =
            List.of("tenant", "key_id", "key_name", "operation", "subject", "address", "code", "request");

    private final Jdbi writer;
    private final Jdbi reader;
    private final Duration keep;
    private final InstantSource clock;
    private final BlockingQueue<AuditEntry> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final AtomicLong unwritten = new AtomicLong();
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean closed;
    private Instant prunedAt = Instant.EPOCH;

    /** @param keep how long entries are there */
    public AuditLog(Jdbi writer, Jdbi reader, Duration keep, InstantSource clock) {
        this.writer = writer;
        this.reader = reader;
        this.keep = keep;
        this.clock = clock;
        this.thread = Thread.ofPlatform().name("audit").daemon().unstarted(this::run);
    }

    public AuditLog start() {
        thread.start();
        return this;
    }

    /** Has it written in a moment. Does not wait and does not fail. */
    public void note(AuditEntry entry) {
        if (closed || !waiting.offer(entry)) {
            notWritten(List.of(entry));
        }
    }

    private static void log(AuditEntry entry) {
        LOG.atWarn()
                .addKeyValue("request", entry.request())
                .addKeyValue("tenant", entry.tenant())
                .addKeyValue("key", entry.keyId())
                .addKeyValue("operation", "\"" + entry.operation() + "\"")
                .addKeyValue("subject", entry.subject())
                .addKeyValue("status", entry.status())
                .log("an entry of the audit log could not be written");
    }

    private void notWritten(List<AuditEntry> entries) {
        entries.forEach(AuditLog::log);
        unwritten.addAndGet(entries.size());
    }

    /** Entries that are not written yet. */
    public int waiting() {
        return waiting.size();
    }

    /** Entries that are in the log only, since the start. */
    public long unwritten() {
        return unwritten.get();
    }

    private void run() {
        List<AuditEntry> batch = new ArrayList<>();
        try {
            while (!closed) {
                prune();
                AuditEntry first = waiting.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    boolean _ = closing.await(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
                    flush(batch);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("the audit log is being ended", e);
        }
        do {
            flush(batch);
        } while (!waiting.isEmpty());
    }

    private void flush(List<AuditEntry> batch) {
        waiting.drainTo(batch, TOGETHER_MAX - batch.size());
        batch.removeIf(WAKE::equals);
        if (batch.isEmpty()) {
            return;
        }
        try {
            writer.useTransaction(handle -> insert(handle, batch));
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the audit log cannot be written");
            if (DatabaseTrouble.of(e).isPresent() || batch.size() == 1) {
                notWritten(batch);
            } else {
                batch.forEach(this::writeAlone);
            }
        }
        batch.clear();
    }

    /** One that does not fit takes no other with it. */
    private void writeAlone(AuditEntry entry) {
        try {
            writer.useTransaction(handle -> insert(handle, List.of(entry)));
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("an entry does not fit into the audit log");
            notWritten(List.of(entry));
        }
    }

    private static void insert(Handle handle, List<AuditEntry> entries) {
        long last = handle.createQuery("UPDATE counters SET value = value + :more WHERE name = 'audit' RETURNING value")
                .bind("more", entries.size())
                .mapTo(Long.class)
                .one();
        PreparedBatch batch =
                handle.prepareBatch("INSERT INTO audit (sequence, at, tenant, key_id, key_name, operation,"
                        + " subject, address, status, code, request) VALUES (:sequence, :at, :tenant, :keyId, :keyName,"
                        + " :operation, :subject, :address, :status, :code, :request)");
        long number = last - entries.size();
        for (AuditEntry each : entries) {
            number++;
            AuditEntry entry = each.numbered(number);
            batch.bind("sequence", entry.sequence())
                    .bind("at", Micros.of(entry.at()))
                    .bind("tenant", entry.tenant().text())
                    .bind("keyId", entry.keyId())
                    .bind("keyName", entry.keyName())
                    .bind("operation", entry.operation())
                    .bind("subject", entry.subject())
                    .bind("address", entry.address())
                    .bind("status", entry.status())
                    .bind("code", entry.code())
                    .bind("request", entry.request())
                    .add();
        }
        batch.execute();
    }

    private void prune() {
        Instant now = clock.instant();
        if (prunedAt.plus(PRUNE_INTERVAL).isAfter(now)) {
            return;
        }
        prunedAt = now;
        try {
            int pruned = prune(now.minus(keep));
            if (pruned > 0) {
                LOG.atInfo().addKeyValue("entries", pruned).log("old entries of the audit log were removed");
            }
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the audit log could not be pruned; it is tried again in an hour");
        }
    }

    /** Little by little, as everybody who writes waits meanwhile. */
    private int prune(Instant before) {
        int all = 0;
        int some;
        do {
            some = writer.withHandle(handle -> handle.createUpdate("DELETE FROM audit WHERE sequence IN"
                            + " (SELECT sequence FROM audit WHERE at < :before ORDER BY at LIMIT :most)")
                    .bind("before", Micros.of(before))
                    .bind("most", PRUNED_MAX)
                    .execute());
            all += some;
        } while (some == PRUNED_MAX && !closed);
        return all;
    }

    public List<AuditEntry> find(AuditQuery query) {
        return page(query).entries();
    }

    /** Looks at some rows only; whoever wants more goes on from there. */
    public AuditPage page(AuditQuery query) {
        AuditFilter filter = query.filter();
        Conditions start = new Conditions()
                .and("subject =", filter.subject())
                .and(
                        "tenant =",
                        filter.tenant().filter(_ -> filter.subject().isEmpty()).map(TenantId::text));
        Conditions conditions = conditions(filter);
        return switch (query.page()) {
            case AuditQuery.Page.Newest(Optional<Long> before) -> {
                start.and("sequence <", before);
                conditions.and("sequence <", before);
                yield page(Window.BACKWARD, start, conditions, query.limit(), 0);
            }
            case AuditQuery.Page.After(long sequence) -> {
                start.and("sequence >", Optional.of(sequence));
                conditions.and("sequence >", Optional.of(sequence));
                yield page(Window.FORWARD, start, conditions, query.limit(), sequence);
            }
        };
    }

    /** @param from where to go on is not before that */
    private AuditPage page(Window window, Conditions start, Conditions conditions, int limit, long from) {
        return reader.withHandle(handle -> {
            // Before the entries: whatever has a number up to that one can be seen.
            long last = handle.createQuery("SELECT value FROM counters WHERE name = 'audit'")
                    .mapTo(Long.class)
                    .one();
            Optional<Long> end = window.end(handle, "audit", start);
            String sql = window.limit(conditions, end).sql();
            List<AuditEntry> found = conditions
                    .bindTo(handle.createQuery("SELECT * FROM audit WHERE " + sql + " ORDER BY sequence "
                            + window.order() + " LIMIT :limit"))
                    .bind("limit", limit)
                    .map(ROW)
                    .list();
            if (found.size() == limit) {
                return new AuditPage(found, found.getLast().sequence(), last);
            }
            long all = window == Window.FORWARD ? Math.max(from, last) : 0;
            return new AuditPage(found, end.orElse(all), last);
        });
    }

    private static Conditions conditions(AuditFilter filter) {
        // Not by the index of tenants where that of subjects is the shorter way.
        String tenant = filter.subject().isPresent() ? "tenant || '' =" : "tenant =";
        Conditions conditions = new Conditions()
                .and(tenant, filter.tenant().map(TenantId::text))
                .and("subject =", filter.subject())
                .and("key_id =", filter.keyId())
                .and("at >=", filter.since().map(Micros::of))
                .and("at <", filter.until().map(Micros::of))
                .contains(List.of("operation"), filter.operation())
                .contains(SEARCHED, filter.text());
        filter.outcome()
                .ifPresent(outcome -> conditions.and(
                        switch (outcome) {
                            case DONE -> "status BETWEEN 1 AND 399";
                            case REFUSED -> "status BETWEEN 400 AND 499";
                            case FAILED -> "(status = 0 OR status >= 500)";
                        }));
        return conditions;
    }

    /** Writes what was noted. No interrupt: it would break off what is being written. */
    @Override
    public void close() {
        closed = true;
        closing.countDown();
        // Where there is no room for it nobody waits.
        boolean _ = waiting.offer(WAKE);
        try {
            if (!thread.join(CLOSE)) {
                LOG.warn("the audit log could not be written to its end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
