package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Conditions;
import dev.skerry.server.database.Database;
import dev.skerry.server.database.Leftovers;
import dev.skerry.server.database.Micros;
import dev.skerry.server.database.Window;
import dev.skerry.server.database.Write;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;

/** In SQL that SQLite and PostgreSQL both understand. */
public final class SqlSandboxStore implements SandboxStore {
    private static final RowMapper<SandboxEvent> EVENT = (row, _) -> SandboxRows.event(row);
    private static final int PRUNED_AT_ONCE = 500;

    /** An event that has no number yet. */
    private record Noted(TenantId tenant, SandboxId sandbox, Note note) {}

    private final Database database;
    private final Sealing sealing;
    private final Fence fence;
    private final long term;
    private final RowMapper<Sandbox> sandboxes;
    private final Leftovers.Sink<Noted> noted = this::store;

    /** For a database that this server has for itself, or for reading. */
    public SqlSandboxStore(Database database, Sealing sealing) {
        this(database, sealing, Fence.NONE, 0);
    }

    /**
     * @param sealing of variables that sandboxes were created with
     * @param fence has every write refused that its holder may not make any more
     * @param term its number, which is noted with what happens in it
     */
    public SqlSandboxStore(Database database, Sealing sealing, Fence fence, long term) {
        this.database = database;
        this.sealing = sealing;
        this.fence = fence;
        this.term = term;
        this.sandboxes = (row, _) -> SandboxRows.read(row, sealing);
    }

    private <T> T write(Write<T> work) {
        return database.write(fence, work);
    }

    @Override
    public Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        Map<String, Object> columns = SandboxRows.columns(sandbox, sealing);
        String names = String.join(", ", columns.keySet());
        String values = columns.keySet().stream().map(name -> ":" + name).collect(Collectors.joining(", "));
        return write((handle, leftovers) -> {
            int added = handle.createUpdate("INSERT INTO sandboxes (" + names + ", idempotency_key) VALUES (" + values
                            + ", :key) ON CONFLICT (tenant, idempotency_key) DO NOTHING")
                    .bindMap(columns)
                    .bind("key", key.orElse(null))
                    .execute();
            if (added == 0) {
                return Optional.of(
                        handle.createQuery("SELECT * FROM sandboxes WHERE tenant = :tenant AND idempotency_key = :key")
                                .bind("tenant", sandbox.tenant().text())
                                .bind("key", key.orElseThrow())
                                .map(sandboxes)
                                .one());
            }
            label(handle, sandbox);
            append(leftovers, sandbox, notes);
            return Optional.empty();
        });
    }

    private static void label(Handle handle, Sandbox sandbox) {
        sandbox.config().metadata().forEach((name, value) -> handle.createUpdate(
                        "INSERT INTO sandbox_labels (digest, sandbox) VALUES (:digest, :sandbox)")
                .bind("digest", SandboxRows.label(sandbox.tenant(), name, value))
                .bind("sandbox", sandbox.id().text())
                .execute());
    }

    private void append(Leftovers leftovers, Sandbox sandbox, List<Note> notes) {
        notes.forEach(note -> leftovers.leave(noted, new Noted(sandbox.tenant(), sandbox.id(), note)));
    }

    /** Their numbers have no gaps, and who reads on from one misses none: the counter is locked until the commit. */
    private void store(Handle handle, List<Noted> events) {
        handle.createUpdate("UPDATE counters SET value = value + :count WHERE name = 'sandbox_events'")
                .bind("count", events.size())
                .execute();
        long sequence = handle.createQuery("SELECT value FROM counters WHERE name = 'sandbox_events'")
                        .mapTo(Long.class)
                        .one()
                - events.size();
        PreparedBatch batch =
                handle.prepareBatch("INSERT INTO sandbox_events (sequence, tenant, sandbox, at, kind, detail,"
                        + " cause, key_id, key_mask, address, request, term)"
                        + " VALUES (:sequence, :tenant, :sandbox, :at, :kind, :detail,"
                        + " :cause, :key_id, :key_mask, :address, :request, :term)");
        for (Noted event : events) {
            Note note = event.note();
            sequence++;
            batch.bind("sequence", sequence)
                    .bind("tenant", event.tenant().text())
                    .bind("sandbox", event.sandbox().text())
                    .bind("at", Micros.of(note.at()))
                    .bind("kind", note.kind().name())
                    .bind("detail", note.detail())
                    .bindMap(SandboxRows.why(note.why()))
                    .bind("term", term)
                    .add();
        }
        batch.execute();
    }

    @Override
    public Optional<Sandbox> get(SandboxId id) {
        return get(database.writer(), id);
    }

    @Override
    public Optional<Sandbox> look(SandboxId id) {
        return get(database.reader(), id);
    }

    private Optional<Sandbox> get(Jdbi connection, SandboxId id) {
        return connection.withHandle(handle -> handle.createQuery("SELECT * FROM sandboxes WHERE id = :id")
                .bind("id", id.text())
                .map(sandboxes)
                .findOne());
    }

    @Override
    public boolean replace(Sandbox next, List<Note> notes) {
        boolean ended = next.state() instanceof SandboxState.Stopped;
        Map<String, Object> columns = SandboxRows.columns(next, sealing);
        String sets =
                columns.keySet().stream().map(name -> name + " = :" + name).collect(Collectors.joining(", "));
        return write((handle, leftovers) -> {
            int changed = handle.createUpdate("UPDATE sandboxes SET " + sets + (ended ? ", idempotency_key = NULL" : "")
                            + " WHERE id = :id AND revision = :old")
                    .bindMap(columns)
                    .bind("old", next.revision() - 1)
                    .execute();
            if (changed == 0) {
                return false;
            }
            if (ended) {
                handle.createUpdate("DELETE FROM sandbox_labels WHERE sandbox = :id")
                        .bind("id", next.id().text())
                        .execute();
            }
            append(leftovers, next, notes);
            return true;
        });
    }

    @Override
    public List<Live> live() {
        return database.writer().withHandle(handle -> handle.createQuery("SELECT * FROM sandboxes WHERE live = 1")
                .map((row, _) -> new Live(SandboxRows.read(row, sealing), SandboxRows.key(row)))
                .list());
    }

    @Override
    public SandboxPage list(TenantId tenant, SandboxQuery query) {
        Optional<PageToken> after = query.after().map(PageToken::parse);
        Comparator<Sandbox> oldestFirst =
                Comparator.comparing(Sandbox::createdAt).thenComparing(Sandbox::id);
        // Each of them reads one stretch of an index, so what is not asked for costs nothing.
        List<SandboxQuery.Visible> states = Stream.of(SandboxQuery.Visible.values())
                .filter(state -> query.states().isEmpty() || query.states().contains(state))
                .toList();
        return database.reader().inTransaction(handle -> {
            List<Sandbox> found = new ArrayList<>();
            for (SandboxQuery.Visible state : states) {
                found.addAll(stretch(handle, tenant, query, state, after));
            }
            found.sort(query.newestFirst() ? oldestFirst.reversed() : oldestFirst);
            return InMemorySandboxStore.page(
                    found.subList(0, Math.min(found.size(), query.limit() + 1)), query.limit());
        });
    }

    private List<Sandbox> stretch(
            Handle handle, TenantId tenant, SandboxQuery query, SandboxQuery.Visible state, Optional<PageToken> after) {
        List<String> labels = query.metadata().entrySet().stream()
                .map(entry -> SandboxRows.label(tenant, entry.getKey(), entry.getValue()))
                .toList();
        StringBuilder sql = new StringBuilder("SELECT * FROM sandboxes WHERE tenant = :tenant AND shown = :shown");
        if (query.startedAfter().isPresent()) {
            sql.append(" AND created_at >= :started");
        }
        if (query.template().isPresent()) {
            sql.append(" AND (template = :template OR alias = :template)");
        }
        for (int i = 0; i < labels.size(); i++) {
            sql.append(" AND id IN (SELECT sandbox FROM sandbox_labels WHERE digest = :label")
                    .append(i)
                    .append(")");
        }
        if (after.isPresent()) {
            sql.append(" AND (created_at, id) ")
                    .append(query.newestFirst() ? "<" : ">")
                    .append(" (:micros, :last)");
        }
        String order = query.newestFirst() ? " DESC" : " ASC";
        sql.append(" ORDER BY created_at")
                .append(order)
                .append(", id")
                .append(order)
                .append(" LIMIT :limit");
        Query statement = handle.createQuery(sql.toString())
                .bind("tenant", tenant.text())
                .bind("shown", SandboxRows.shown(state))
                .bind("limit", query.limit() + 1);
        query.startedAfter().ifPresent(instant -> statement.bind("started", Micros.of(instant)));
        query.template().ifPresent(name -> statement.bind("template", name));
        for (int i = 0; i < labels.size(); i++) {
            statement.bind("label" + i, labels.get(i));
        }
        after.ifPresent(
                token -> statement.bind("micros", token.createdAtMicros()).bind("last", token.id()));
        return statement.map(sandboxes).list();
    }

    @Override
    public List<SandboxEvent> events(TenantId tenant, SandboxId id) {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT * FROM sandbox_events"
                        + " WHERE sandbox = :id AND tenant = :tenant ORDER BY sequence LIMIT :limit")
                .bind("id", id.text())
                .bind("tenant", tenant.text())
                .bind("limit", HISTORY_MAX)
                .map(EVENT)
                .list());
    }

    @Override
    public List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit) {
        return database.reader().withHandle(handle -> handle.createQuery("SELECT * FROM sandbox_events"
                        + " WHERE tenant = :tenant AND sequence > :after ORDER BY sequence LIMIT :limit")
                .bind("tenant", tenant.text())
                .bind("after", sequence)
                .bind("limit", limit)
                .map(EVENT)
                .list());
    }

    @Override
    public EventPage find(TenantId tenant, EventFilter filter, long after, int limit) {
        boolean ofOne = filter.sandbox().isPresent();
        Conditions conditions = new Conditions()
                // Not by the index of tenants where that of sandboxes is the shorter way.
                .and(ofOne ? "tenant || '' =" : "tenant =", Optional.of(tenant.text()))
                .and("sequence >", Optional.of(after))
                .and("sandbox =", filter.sandbox().map(SandboxId::text))
                .in("kind", filter.kinds().stream().map(Enum::name).toList())
                .in("cause", filter.causes().stream().map(Enum::name).toList())
                .and("key_id =", filter.key())
                .and("at >=", filter.since().map(Micros::of))
                .and("at <", filter.until().map(Micros::of))
                .contains(List.of("detail"), filter.text());
        Conditions start = new Conditions()
                .and("sequence >", Optional.of(after))
                .and("sandbox =", filter.sandbox().map(SandboxId::text))
                .and("tenant =", Optional.of(tenant.text()).filter(_ -> !ofOne));
        return database.reader().withHandle(handle -> {
            // Before the events: whatever has a number up to that one can be seen.
            long last = handle.createQuery("SELECT value FROM counters WHERE name = 'sandbox_events'")
                    .mapTo(Long.class)
                    .one();
            Optional<Long> end = Window.FORWARD.end(handle, "sandbox_events", start);
            Query query = handle.createQuery("SELECT * FROM sandbox_events WHERE "
                    + Window.FORWARD.limit(conditions, end).sql() + " ORDER BY sequence LIMIT :limit");
            List<SandboxEvent> found =
                    conditions.bindTo(query).bind("limit", limit).map(EVENT).list();
            return EventPage.of(found, limit, end.orElse(Math.max(after, last)), last);
        });
    }

    @Override
    public Optional<String> boot(HostId host) {
        return database.writer()
                .withHandle(handle -> handle.createQuery("SELECT boot_id FROM host_boots WHERE host = :host")
                        .bind("host", host.text())
                        .mapTo(String.class)
                        .findOne());
    }

    @Override
    public void recordBoot(HostId host, String bootId) {
        int _ = write((handle, _) -> handle.createUpdate("INSERT INTO host_boots (host, boot_id)"
                        + " VALUES (:host, :boot) ON CONFLICT (host) DO UPDATE SET boot_id = excluded.boot_id")
                .bind("host", host.text())
                .bind("boot", bootId)
                .execute());
    }

    @Override
    public int prune(Instant endedBefore) {
        int pruned = 0;
        int some;
        // In bites, so that writers of living ones get their turns in between.
        do {
            some = write((handle, _) -> prune(handle, Micros.of(endedBefore)));
            pruned += some;
        } while (some == PRUNED_AT_ONCE);
        return pruned;
    }

    private static int prune(Handle handle, long before) {
        List<String> old = handle.createQuery(
                        "SELECT id FROM sandboxes WHERE live = 0 AND state_at < :before ORDER BY state_at LIMIT :limit")
                .bind("before", before)
                .bind("limit", PRUNED_AT_ONCE)
                .mapTo(String.class)
                .list();
        if (!old.isEmpty()) {
            handle.createUpdate("DELETE FROM sandbox_events WHERE sandbox IN (<old>)")
                    .bindList("old", old)
                    .execute();
            handle.createUpdate("DELETE FROM sandboxes WHERE id IN (<old>)")
                    .bindList("old", old)
                    .execute();
        }
        return old.size();
    }
}
