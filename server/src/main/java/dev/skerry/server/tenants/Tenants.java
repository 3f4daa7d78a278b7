package dev.skerry.server.tenants;

import dev.skerry.server.database.Micros;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Update;

/**
 * The tenants and their quotas. What a quota is is remembered for some seconds, as every create asks; the server that
 * changes one knows at once. An id is used once for ever: whoever came after would see the history of the one before.
 * Thread-safe.
 */
public final class Tenants {
    private static final int NAME_LENGTH_MAX = 256;
    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final String HINT = "'skerry tenants list' shows those that there are";
    private static final RowMapper<Tenant> ROW = (row, _) -> {
        Map<Resource, Long> own = new EnumMap<>(Resource.class);
        for (Resource resource : Resource.values()) {
            long limit = row.getLong(resource.column());
            if (!row.wasNull()) {
                own.put(resource, limit);
            }
        }
        return new Tenant(
                new TenantId(row.getString("id")),
                row.getString("name"),
                Micros.instant(row.getLong("created_at")),
                new Quota(own));
    };

    private final Jdbi jdbi;
    private final Quota standard;
    private final InstantSource clock;
    private final ConcurrentHashMap<TenantId, Known> remembered = new ConcurrentHashMap<>();

    private record Known(Quota quota, Instant at) {}

    /**
     * What is to be different.
     *
     * @param quota empty: as the server's settings say from now on; what is absent stays
     */
    public record Change(Optional<String> name, Map<Resource, Optional<Long>> quota) {
        public Change {
            quota = Map.copyOf(quota);
        }
    }

    /** @param standard for what a tenant has no quota of its own */
    public Tenants(Jdbi jdbi, Quota standard, InstantSource clock) {
        this.jdbi = jdbi;
        this.standard = standard;
        this.clock = clock;
    }

    /** By their ids. */
    public List<Tenant> list() {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT * FROM tenants WHERE deleted_at IS NULL ORDER BY id")
                        .map(ROW)
                        .list());
    }

    /** @throws Failure {@code NOT_FOUND} */
    public Tenant get(TenantId id) {
        return jdbi.withHandle(handle -> get(handle, id));
    }

    private static Tenant get(Handle handle, TenantId id) {
        return handle.createQuery("SELECT * FROM tenants WHERE id = :id AND deleted_at IS NULL")
                .bind("id", id.text())
                .map(ROW)
                .findOne()
                .orElseThrow(() -> missing(id.text()));
    }

    /** There is none of that name. */
    public static Failure missing(String id) {
        return new Failure(ErrorCode.NOT_FOUND, "there is no tenant '" + id + "'", HINT);
    }

    /**
     * What it may have: its own quota, and the server's for what that does not say.
     *
     * @throws Failure {@code NOT_FOUND} for one that was deleted
     */
    public Quota quota(TenantId id) {
        Known known = remembered.get(id);
        Instant now = clock.instant();
        if (known == null || known.at().plus(REMEMBERED).isBefore(now)) {
            try {
                known = new Known(get(id).own().over(standard), now);
                remembered.put(id, known);
            } catch (Failure e) {
                remembered.remove(id);
                throw e;
            }
        }
        return known.quota();
    }

    /** What a tenant may have whose own quota says nothing. */
    public Quota standard() {
        return standard;
    }

    /** @throws Failure {@code CONFLICT} when there is or was one of that id */
    public Tenant create(TenantId id, String name, Quota own) {
        checkName(name);
        Tenant tenant = new Tenant(id, name, Micros.instant(Micros.of(clock.instant())), own);
        String columns = Arrays.stream(Resource.values()).map(Resource::column).collect(Collectors.joining(", "));
        String values = Arrays.stream(Resource.values())
                .map(resource -> ":" + resource.column())
                .collect(Collectors.joining(", "));
        int made = jdbi.withHandle(handle -> {
            Update update = handle.createUpdate("INSERT INTO tenants (id, name, created_at, " + columns + ")"
                            + " VALUES (:id, :name, :created, " + values + ") ON CONFLICT DO NOTHING")
                    .bind("id", id.text())
                    .bind("name", name)
                    .bind("created", Micros.of(tenant.createdAt()));
            return bind(update, own).execute();
        });
        if (made == 0) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "there is a tenant '" + id + "', or there was one",
                    "use another id; that of a deleted tenant stays with its history");
        }
        return tenant;
    }

    /** The tenant of those who need no key; one that was there stays as it is. */
    public void createAnonymous() {
        try {
            create(TenantId.ANONYMOUS, "whoever needs no key", Quota.UNSAID);
        } catch (Failure e) {
            if (e.code() != ErrorCode.CONFLICT) {
                throw e;
            }
        }
    }

    private static Update bind(Update update, Quota own) {
        for (Resource resource : Resource.values()) {
            update.bind(resource.column(), own.limits().get(resource));
        }
        return update;
    }

    private static void checkName(String name) {
        if (name.isBlank() || name.length() > NAME_LENGTH_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a tenant's name has 1 to " + NAME_LENGTH_MAX + " characters");
        }
    }

    /** @throws Failure {@code NOT_FOUND} */
    public Tenant change(TenantId id, Change change) {
        change.name().ifPresent(Tenants::checkName);
        String sets = Arrays.stream(Resource.values())
                .map(resource -> ", " + resource.column() + " = :" + resource.column())
                .collect(Collectors.joining());
        Tenant changed = jdbi.inTransaction(handle -> {
            Tenant before = get(handle, id);
            Map<Resource, Long> limits = new EnumMap<>(Resource.class);
            limits.putAll(before.own().limits());
            change.quota()
                    .forEach((resource, limit) ->
                            limit.ifPresentOrElse(value -> limits.put(resource, value), () -> limits.remove(resource)));
            Tenant next = new Tenant(id, change.name().orElse(before.name()), before.createdAt(), new Quota(limits));
            Update update = handle.createUpdate("UPDATE tenants SET name = :name" + sets + " WHERE id = :id")
                    .bind("id", id.text())
                    .bind("name", next.name());
            bind(update, next.own()).execute();
            return next;
        });
        remembered.remove(id);
        return changed;
    }

    /**
     * Deletes it and its keys. The caller has made sure that it has no sandboxes and is given none.
     *
     * @throws Failure {@code NOT_FOUND}; {@code INVALID_REQUEST} for the one that is always there
     */
    public void delete(TenantId id) {
        if (id.equals(TenantId.DEFAULT)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "the tenant '" + id + "' is always there", "set its quota to 0 instead");
        }
        jdbi.useTransaction(handle -> {
            get(handle, id);
            handle.createUpdate("UPDATE tenants SET deleted_at = :now WHERE id = :id")
                    .bind("now", Micros.of(clock.instant()))
                    .bind("id", id.text())
                    .execute();
            handle.createUpdate("DELETE FROM api_keys WHERE tenant = :id")
                    .bind("id", id.text())
                    .execute();
        });
        remembered.remove(id);
    }
}
