package dev.skerry.server.webhooks;

import dev.skerry.server.database.Micros;
import dev.skerry.server.secrets.SealedStore;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.tenants.TenantId;
import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;

/** Webhooks and their last deliveries, in SQL that SQLite and PostgreSQL both understand. Thread-safe. */
public final class WebhookStore implements SealedStore {
    /** Attempts that are kept of each. */
    static final int DELIVERIES_MAX = 100;

    private static final RowMapper<Webhook> WEBHOOK = (row, _) -> webhook(row);
    private static final RowMapper<Delivery> DELIVERY = (row, _) -> new Delivery(
            row.getString("id"),
            row.getString("event"),
            row.getString("type"),
            row.getString("sandbox"),
            Micros.instant(row.getLong("at")),
            Duration.ofMillis(row.getLong("millis")),
            row.getInt("status"),
            row.getString("error"));

    private final Jdbi writer;
    private final Jdbi reader;
    private final Sealing sealing;

    public WebhookStore(Jdbi writer, Jdbi reader, Sealing sealing) {
        this.writer = writer;
        this.reader = reader;
        this.sealing = sealing;
    }

    private static Webhook webhook(ResultSet row) throws SQLException {
        Set<EventType> events = EnumSet.noneOf(EventType.class);
        Arrays.stream(row.getString("events").split(",", -1))
                .forEach(name -> EventType.parse(name).ifPresent(events::add));
        return new Webhook(
                row.getString("id"),
                new TenantId(row.getString("tenant")),
                row.getString("name"),
                URI.create(row.getString("url")),
                row.getInt("enabled") == 1,
                events,
                row.getString("secret"),
                Micros.instant(row.getLong("created_at")),
                row.getLong("position"),
                new Webhook.Health(
                        time(row.getLong("failing_since")),
                        row.getInt("failures"),
                        time(row.getLong("next_at")),
                        time(row.getLong("given_up_at")),
                        row.getString("last_error")));
    }

    private static Optional<Instant> time(long micros) {
        return micros == 0 ? Optional.empty() : Optional.of(Micros.instant(micros));
    }

    private static long micros(Optional<Instant> instant) {
        return instant.map(Micros::of).orElse(0L);
    }

    private static String names(Set<EventType> events) {
        return events.stream().map(EventType::text).sorted().collect(Collectors.joining(","));
    }

    /** The last event of any tenant: whoever asks for events after having read this sees all up to it. */
    long newestEvent() {
        return reader.withHandle(
                handle -> handle.createQuery("SELECT value FROM counters WHERE name = 'sandbox_events'")
                        .mapTo(Long.class)
                        .one());
    }

    /** @return false: the tenant has that many already */
    boolean insert(Webhook webhook, int most) {
        return writer.inTransaction(handle -> {
            long count = handle.createQuery("SELECT COUNT(*) FROM webhooks WHERE tenant = :tenant")
                    .bind("tenant", webhook.tenant().text())
                    .mapTo(Long.class)
                    .one();
            if (count >= most) {
                return false;
            }
            handle.createUpdate("INSERT INTO webhooks (id, tenant, name, url, enabled, events, secret, created_at,"
                            + " position, failing_since, failures, next_at, given_up_at, last_error) VALUES (:id,"
                            + " :tenant, :name, :url, :enabled, :events, :secret, :created, :position, 0, 0, 0, 0, '')")
                    .bindMap(edited(webhook))
                    .bind("created", Micros.of(webhook.createdAt()))
                    .bind("position", webhook.position())
                    .execute();
            return true;
        });
    }

    private static Map<String, Object> edited(Webhook webhook) {
        return Map.of(
                "id", webhook.id(),
                "tenant", webhook.tenant().text(),
                "name", webhook.name(),
                "url", webhook.url().toString(),
                "enabled", webhook.enabled() ? 1 : 0,
                "events", names(webhook.events()),
                "secret", webhook.sealedSecret());
    }

    /** Oldest first. */
    List<Webhook> list(TenantId tenant) {
        return reader.withHandle(
                handle -> handle.createQuery("SELECT * FROM webhooks WHERE tenant = :tenant ORDER BY created_at, id")
                        .bind("tenant", tenant.text())
                        .map(WEBHOOK)
                        .list());
    }

    Optional<Webhook> get(TenantId tenant, String id) {
        return reader.withHandle(
                handle -> handle.createQuery("SELECT * FROM webhooks WHERE id = :id AND tenant = :tenant")
                        .bind("id", id)
                        .bind("tenant", tenant.text())
                        .map(WEBHOOK)
                        .findOne());
    }

    /**
     * What its owner may change. Its troubles are forgotten, so that it is tried again at once.
     *
     * @param fromNow what has happened up to now is not for it
     */
    void edit(Webhook webhook, boolean fromNow) {
        writer.useHandle(handle -> handle.createUpdate("UPDATE webhooks SET name = :name, url = :url,"
                        + " enabled = :enabled, events = :events, secret = :secret, failing_since = 0, failures = 0,"
                        + " next_at = 0, given_up_at = 0, last_error = ''"
                        + (fromNow ? ", position = (SELECT value FROM counters WHERE name = 'sandbox_events')" : "")
                        + " WHERE id = :id AND tenant = :tenant")
                .bindMap(edited(webhook))
                .execute());
    }

    boolean delete(TenantId tenant, String id) {
        return writer.inTransaction(handle -> {
            int deleted = handle.createUpdate("DELETE FROM webhooks WHERE id = :id AND tenant = :tenant")
                    .bind("id", id)
                    .bind("tenant", tenant.text())
                    .execute();
            if (deleted > 0) {
                handle.execute("DELETE FROM webhook_deliveries WHERE webhook = ?", id);
            }
            return deleted > 0;
        });
    }

    /** Those that are to be told of what is after their position, of all tenants. */
    List<Webhook> due(long newest, Instant now) {
        return reader.withHandle(handle -> handle.createQuery("SELECT * FROM webhooks WHERE enabled = 1"
                        + " AND given_up_at = 0 AND next_at <= :now AND position < :newest ORDER BY position, id")
                .bind("now", Micros.of(now))
                .bind("newest", newest)
                .map(WEBHOOK)
                .list());
    }

    /** When the first event happened that one of those waits for that were not given up. */
    Optional<Instant> oldestUndelivered() {
        return reader.withHandle(handle -> handle.createQuery("SELECT MIN(waiting.at) FROM (SELECT (SELECT e.at"
                        + " FROM sandbox_events e WHERE e.tenant = w.tenant AND e.sequence > w.position"
                        + " ORDER BY e.sequence LIMIT 1) AS at FROM webhooks w"
                        + " WHERE w.enabled = 1 AND w.given_up_at = 0) waiting")
                .map((row, _) -> {
                    long at = row.getLong(1);
                    return row.wasNull() ? Optional.<Instant>empty() : Optional.of(Micros.instant(at));
                })
                .one());
    }

    /** How many were given up, of tenants that there are. */
    long givenUp() {
        return reader.withHandle(
                handle -> handle.createQuery("SELECT COUNT(*) FROM webhooks WHERE given_up_at > 0 AND enabled = 1"
                                + " AND tenant IN (SELECT id FROM tenants WHERE deleted_at IS NULL)")
                        .mapTo(Long.class)
                        .one());
    }

    /**
     * What became of a round, in one commit. Nothing is done when it has another position by now, was changed by its
     * owner, or is gone.
     *
     * @param seen as it was when the round began
     */
    void finish(Webhook seen, long position, Webhook.Health health, List<Delivery> deliveries) {
        writer.useTransaction(handle -> {
            int changed = handle.createUpdate("UPDATE webhooks SET position = :position, failing_since = :since,"
                            + " failures = :failures, next_at = :next, given_up_at = :given, last_error = :error"
                            + " WHERE id = :id AND position = :old AND url = :url AND failing_since = :oldSince"
                            + " AND failures = :oldFailures")
                    .bind("position", position)
                    .bind("since", micros(health.failingSince()))
                    .bind("failures", health.failures())
                    .bind("next", micros(health.nextAt()))
                    .bind("given", micros(health.givenUpAt()))
                    .bind("error", health.lastError())
                    .bind("id", seen.id())
                    .bind("old", seen.position())
                    .bind("url", seen.url().toString())
                    .bind("oldSince", micros(seen.health().failingSince()))
                    .bind("oldFailures", seen.health().failures())
                    .execute();
            if (changed > 0) {
                append(handle, seen.id(), deliveries);
            }
        });
    }

    void append(Webhook webhook, Delivery delivery) {
        writer.useTransaction(handle -> append(handle, webhook.id(), List.of(delivery)));
    }

    private static void append(Handle handle, String id, List<Delivery> deliveries) {
        long number = handle.createQuery("SELECT COALESCE(MAX(number), 0) FROM webhook_deliveries WHERE webhook = :id")
                .bind("id", id)
                .mapTo(Long.class)
                .one();
        int skipped = Math.max(0, deliveries.size() - DELIVERIES_MAX);
        for (Delivery delivery : deliveries.subList(skipped, deliveries.size())) {
            number++;
            handle.createUpdate("INSERT INTO webhook_deliveries (webhook, number, id, event, type, sandbox, at,"
                            + " millis, status, error) VALUES (:webhook, :number, :id, :event, :type, :sandbox, :at,"
                            + " :millis, :status, :error)")
                    .bind("webhook", id)
                    .bind("number", number)
                    .bind("id", delivery.id())
                    .bind("event", delivery.event())
                    .bind("type", delivery.type())
                    .bind("sandbox", delivery.sandbox())
                    .bind("at", Micros.of(delivery.at()))
                    .bind("millis", delivery.took().toMillis())
                    .bind("status", delivery.status())
                    .bind("error", delivery.error())
                    .execute();
        }
        handle.execute("DELETE FROM webhook_deliveries WHERE webhook = ? AND number <= ?", id, number - DELIVERIES_MAX);
    }

    /** Newest first. */
    List<Delivery> deliveries(String id, int limit) {
        return reader.withHandle(handle -> handle.createQuery(
                        "SELECT * FROM webhook_deliveries WHERE webhook = :id" + " ORDER BY number DESC LIMIT :limit")
                .bind("id", id)
                .bind("limit", limit)
                .map(DELIVERY)
                .list());
    }

    @Override
    public int reseal() {
        List<Webhook> old =
                reader.withHandle(handle -> handle.createQuery("SELECT * FROM webhooks WHERE secret NOT LIKE :current")
                        .bind("current", sealing.prefix() + "%")
                        .map(WEBHOOK)
                        .list());
        int changed = 0;
        for (Webhook webhook : old) {
            String secret = sealing.open(Sealing.Use.WEBHOOK, webhook.id(), webhook.sealedSecret());
            changed += writer.withHandle(
                    handle -> handle.createUpdate("UPDATE webhooks SET secret = :new WHERE id = :id AND secret = :old")
                            .bind("new", sealing.seal(Sealing.Use.WEBHOOK, webhook.id(), secret))
                            .bind("id", webhook.id())
                            .bind("old", webhook.sealedSecret())
                            .execute());
        }
        return changed;
    }

    @Override
    public Map<String, Long> sealedBy() {
        Map<String, Long> counts = new HashMap<>();
        reader.useHandle(handle -> handle.createQuery("SELECT secret FROM webhooks")
                .mapTo(String.class)
                .forEach(text -> counts.merge(Sealing.secretOf(text), 1L, Long::sum)));
        return counts;
    }
}
