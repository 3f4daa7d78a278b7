package dev.skerry.server.jobs;

import dev.skerry.server.database.Conditions;
import dev.skerry.server.database.Database;
import dev.skerry.server.database.Micros;
import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.SealedStore;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.tenants.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Update;

/** In SQL that SQLite and PostgreSQL both understand. */
public final class SqlJobStore implements JobStore, SealedStore {
    /** All but what is to be run and what came of it, which may be long. */
    private static final String BRIEF = select("'' AS result");

    /** All but what is to be run. */
    private static final String SELECT = select("result");

    private static final RowMapper<StoredJob> ROW = (row, _) -> job(row);

    private final Database database;
    private final Sealing sealing;
    private final Fence fence;

    public SqlJobStore(Database database, Sealing sealing, Fence fence) {
        this.database = database;
        this.sealing = sealing;
        this.fence = fence;
    }

    private static String select(String result) {
        return "SELECT token, tenant, digest, state, created_at, began_at, attempts, ended_at, verdict, " + result
                + ", callback_url, callback_secret, callback_at, callback_failed, callback_error FROM jobs";
    }

    private static StoredJob job(ResultSet row) throws SQLException {
        String url = row.getString("callback_url");
        return new StoredJob(
                row.getString("token"),
                new TenantId(row.getString("tenant")),
                row.getString("digest"),
                Stage.valueOf(row.getString("state")),
                Micros.instant(row.getLong("created_at")),
                time(row.getLong("began_at")),
                time(row.getLong("ended_at")),
                row.getInt("attempts"),
                row.getString("verdict"),
                row.getString("result"),
                url.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new StoredJob.Call(
                                url,
                                time(row.getLong("callback_at")),
                                row.getInt("callback_failed"),
                                row.getString("callback_error"))));
    }

    private static Optional<Instant> time(long micros) {
        return micros == 0 ? Optional.empty() : Optional.of(Micros.instant(micros));
    }

    @Override
    public boolean insert(Fresh fresh) {
        String request = sealing.seal(Sealing.Use.JOB, fresh.token(), fresh.request());
        String secret = fresh.callback()
                .map(callback -> sealing.seal(Sealing.Use.CALLBACK, fresh.token(), callback.secret()))
                .orElse("");
        return database.write(fence, (handle, _) -> handle.createUpdate("INSERT INTO jobs (token, tenant,"
                                + " idempotency_key, digest, state, request, created_at, began_at, attempts, ended_at,"
                                + " verdict, result, size, callback_url, callback_secret, callback_at,"
                                + " callback_failed, callback_error) VALUES (:token, :tenant, :key, :digest,"
                                + " 'WAITING', :request, :created, 0, 0, 0, '', '', :size, :url, :secret, 0, 0, '')"
                                + " ON CONFLICT DO NOTHING")
                        .bind("token", fresh.token())
                        .bind("tenant", fresh.tenant().text())
                        .bind("key", fresh.idempotencyKey().orElse(null))
                        .bind("digest", fresh.digest())
                        .bind("request", request)
                        .bind("created", Micros.of(fresh.at()))
                        .bind("size", request.length())
                        .bind("url", fresh.callback().map(Callback::url).orElse(""))
                        .bind("secret", secret)
                        .execute())
                == 1;
    }

    @Override
    public void withdraw(String token) {
        int _ = database.write(fence, (handle, _) -> handle.execute("DELETE FROM jobs WHERE token = ?", token));
    }

    @Override
    public Optional<StoredJob> get(TenantId tenant, String token) {
        return one("token = :value AND tenant = :tenant", tenant, token);
    }

    @Override
    public Optional<StoredJob> byKey(TenantId tenant, String key) {
        return one("idempotency_key = :value AND tenant = :tenant", tenant, key);
    }

    private Optional<StoredJob> one(String condition, TenantId tenant, String value) {
        return database.reader().withHandle(handle -> handle.createQuery(SELECT + " WHERE " + condition)
                .bind("value", value)
                .bind("tenant", tenant.text())
                .map(ROW)
                .findOne());
    }

    @Override
    public List<StoredJob> list(TenantId tenant, Optional<Stage> stage, Optional<String> before, int limit) {
        Conditions conditions = new Conditions()
                .and("tenant =", Optional.of(tenant.text()))
                .and("state =", stage.map(Stage::name))
                .and("token <", before);
        return database.reader().withHandle(handle -> conditions
                .bindTo(handle.createQuery(
                        BRIEF + " WHERE " + conditions.sql() + " ORDER BY token DESC LIMIT " + limit))
                .map(ROW)
                .list());
    }

    @Override
    public long unfinished(TenantId tenant) {
        return database.reader().withHandle(handle -> handle.createQuery(
                        "SELECT COALESCE(SUM(size), 0) FROM jobs WHERE tenant = :tenant AND state <> 'ENDED'")
                .bind("tenant", tenant.text())
                .mapTo(Long.class)
                .one());
    }

    @Override
    public List<Unfinished> unfinished() {
        return database.reader().withHandle(handle -> handle.createQuery(
                        "SELECT tenant, token FROM jobs WHERE state <> 'ENDED' ORDER BY token")
                .map((row, _) -> new Unfinished(row.getString("token"), new TenantId(row.getString("tenant"))))
                .list());
    }

    @Override
    public List<StoredJob> takeUp() {
        int _ = database.write(
                fence, (handle, _) -> handle.execute("UPDATE jobs SET state = 'WAITING' WHERE state = 'RUNNING'"));
        return database.reader()
                .withHandle(handle -> handle.createQuery(BRIEF + " WHERE state = 'WAITING' ORDER BY token")
                        .map(ROW)
                        .list());
    }

    @Override
    public Optional<String> request(String token) {
        return database.reader()
                .withHandle(handle -> handle.createQuery("SELECT request FROM jobs WHERE token = :token")
                        .bind("token", token)
                        .mapTo(String.class)
                        .findOne())
                .filter(text -> !text.isEmpty())
                .map(text -> sealing.open(Sealing.Use.JOB, token, text));
    }

    @Override
    public Optional<Integer> begin(String token, Instant now) {
        return database.write(fence, (handle, _) -> {
            int begun = handle.createUpdate("UPDATE jobs SET state = 'RUNNING', attempts = attempts + 1,"
                            + " began_at = :now WHERE token = :token AND state = 'WAITING'")
                    .bind("now", Micros.of(now))
                    .bind("token", token)
                    .execute();
            return begun == 0
                    ? Optional.empty()
                    : Optional.of(handle.createQuery("SELECT attempts FROM jobs WHERE token = :token")
                            .bind("token", token)
                            .mapTo(Integer.class)
                            .one());
        });
    }

    @Override
    public boolean putBack(String token, int attempt) {
        return database.write(fence, (handle, _) -> handle.createUpdate("UPDATE jobs SET state = 'WAITING'"
                                + " WHERE token = :token AND state = 'RUNNING' AND attempts = :attempt")
                        .bind("token", token)
                        .bind("attempt", attempt)
                        .execute())
                == 1;
    }

    @Override
    public boolean end(String token, int attempt, String verdict, String result, Instant now) {
        String condition = attempt == 0 ? "state = 'WAITING'" : "state = 'RUNNING' AND attempts = :attempt";
        return database.write(fence, (handle, _) -> {
            Update update = handle.createUpdate("UPDATE jobs SET state = 'ENDED', request = '', ended_at = :now,"
                    + " verdict = :verdict, result = :result, size = :size, callback_at = CASE WHEN callback_url = ''"
                    + " THEN 0 ELSE :now END WHERE token = :token AND " + condition);
            if (attempt > 0) {
                update.bind("attempt", attempt);
            }
            return update.bind("now", Micros.of(now))
                            .bind("verdict", verdict)
                            .bind("result", result)
                            .bind("size", result.length())
                            .bind("token", token)
                            .execute()
                    == 1;
        });
    }

    @Override
    public List<Telling> toTell(Instant now, int ofTenant) {
        return database.reader()
                .withHandle(handle -> handle.createQuery("SELECT token, tenant, callback_url, ended_at, size FROM jobs"
                                + " WHERE token IN (SELECT token FROM (SELECT token,"
                                + " ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY callback_at, token) AS oldest,"
                                + " ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY callback_at DESC, token DESC)"
                                + " AS newest FROM jobs WHERE callback_at > 0 AND callback_at <= :now) due"
                                + " WHERE oldest <= :most OR newest <= :most) ORDER BY callback_at, token")
                        .bind("now", Micros.of(now))
                        .bind("most", ofTenant)
                        .map((row, _) -> new Telling(
                                row.getString("token"),
                                new TenantId(row.getString("tenant")),
                                row.getString("callback_url"),
                                Micros.instant(row.getLong("ended_at")),
                                row.getLong("size")))
                        .list());
    }

    @Override
    public Optional<Due> due(String token) {
        return database.reader()
                .withHandle(handle -> handle.createQuery(SELECT + " WHERE token = :token AND callback_at > 0")
                        .bind("token", token)
                        .map((row, _) -> new Due(
                                job(row),
                                new Callback(
                                        row.getString("callback_url"),
                                        sealing.open(Sealing.Use.CALLBACK, token, row.getString("callback_secret")))))
                        .findOne());
    }

    @Override
    public void postpone(Collection<String> tokens, Instant until) {
        if (!tokens.isEmpty()) {
            int _ = database.write(fence, (handle, _) -> handle.createUpdate("UPDATE jobs SET callback_at = :until"
                            + " WHERE callback_at > 0 AND :until > callback_at AND token IN (<tokens>)")
                    .bind("until", Micros.of(until))
                    .bindList("tokens", List.copyOf(tokens))
                    .execute());
        }
    }

    @Override
    public void told(String token, Optional<Instant> next, String error) {
        int _ = database.write(fence, (handle, _) -> handle.createUpdate("UPDATE jobs SET callback_at = :next,"
                        + " callback_failed = callback_failed + :failed, callback_error = :error WHERE token = :token")
                .bind("next", next.map(Micros::of).orElse(0L))
                .bind("failed", error.isEmpty() ? 0 : 1)
                .bind("error", error.substring(0, Math.min(error.length(), 256)))
                .bind("token", token)
                .execute());
    }

    @Override
    public int forget(Instant before, int most, long characters) {
        return database.write(fence, (handle, _) -> {
            int old = handle.createUpdate(
                            "DELETE FROM jobs WHERE state = 'ENDED' AND callback_at = 0 AND ended_at < :before")
                    .bind("before", Micros.of(before))
                    .execute();
            return old + beyond(handle, most, characters);
        });
    }

    private static int beyond(Handle handle, int most, long characters) {
        return handle.createUpdate("DELETE FROM jobs WHERE token IN (SELECT token FROM (SELECT token,"
                        + " SUM(size) OVER (PARTITION BY tenant ORDER BY token DESC) AS total,"
                        + " ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY token DESC) AS place"
                        + " FROM jobs WHERE state = 'ENDED') kept"
                        + " WHERE total > :characters OR place > :most)")
                .bind("characters", characters)
                .bind("most", most)
                .execute();
    }

    @Override
    public int reseal() {
        return reseal("request", Sealing.Use.JOB) + reseal("callback_secret", Sealing.Use.CALLBACK);
    }

    private int reseal(String column, Sealing.Use use) {
        List<String> tokens = database.reader().withHandle(handle -> handle.createQuery(
                        "SELECT token FROM jobs WHERE " + column + " <> '' AND " + column + " NOT LIKE :current")
                .bind("current", sealing.prefix() + "%")
                .mapTo(String.class)
                .list());
        int changed = 0;
        for (String token : tokens) {
            changed += database.writer()
                    .inTransaction(handle -> handle.createQuery("SELECT " + column + " FROM jobs WHERE token = :token")
                            .bind("token", token)
                            .mapTo(String.class)
                            .findOne()
                            .filter(old -> !old.isEmpty())
                            .map(old -> handle.createUpdate("UPDATE jobs SET " + column
                                            + " = :new WHERE token = :token AND " + column + " = :old")
                                    .bind("new", sealing.seal(use, token, sealing.open(use, token, old)))
                                    .bind("token", token)
                                    .bind("old", old)
                                    .execute())
                            .orElse(0));
        }
        return changed;
    }

    @Override
    public Map<String, Long> sealedBy() {
        Map<String, Long> counts = new HashMap<>();
        database.reader().useHandle(handle -> {
            for (String column : List.of("request", "callback_secret")) {
                handle.createQuery("SELECT SUBSTR(" + column + ", 1, " + Sealing.prefixLength() + ") FROM jobs WHERE "
                                + column + " <> ''")
                        .mapTo(String.class)
                        .forEach(prefix -> counts.merge(Sealing.secretOf(prefix), 1L, Long::sum));
            }
        });
        return counts;
    }
}
