package dev.skerry.server.tenants;

import dev.skerry.server.database.Micros;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * API keys: {@code e2b_} and 40 hexadecimal digits, as the clients of the E2B API expect them. Looked up by digest, so
 * nothing is compared character by character. What was found is remembered for some seconds; a deleted key is forgotten
 * at once by the server that deleted it. Thread-safe.
 */
public final class ApiKeys {
    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);

    private static final Pattern FORM = Pattern.compile("e2b_[0-9a-f]{40}");
    private static final int KEY_BYTES = 20;
    private static final int ID_BYTES = 8;
    private static final int NAME_LENGTH_MAX = 256;
    private static final int KEYS_MAX = 1000;
    private static final Duration LIFETIME_MAX = Duration.ofDays(36_500);
    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final Duration USE_GRAIN = Duration.ofMinutes(1);
    private static final RowMapper<ApiKey> ROW = (row, _) -> {
        return new ApiKey(
                row.getString("id"),
                new TenantId(row.getString("tenant")),
                row.getString("name"),
                KeyScope.parse(row.getString("scope")),
                row.getString("mask"),
                Micros.instant(row.getLong("created_at")),
                instant(row, "expires_at"),
                instant(row, "last_used_at"));
    };

    private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        long micros = row.getLong(column);
        return row.wasNull() ? Optional.empty() : Optional.of(Micros.instant(micros));
    }

    private final Jdbi jdbi;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, Found> remembered = new ConcurrentHashMap<>();

    /** How often keys were forgotten: what was looked up before that is not to be remembered. */
    private final AtomicLong forgotten = new AtomicLong();

    private record Found(ApiKey key, Instant at) {}

    /** A key that was just made. */
    public record Minted(ApiKey key, String text) {}

    public ApiKeys(Jdbi jdbi, InstantSource clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** @throws Failure {@code UNAUTHENTICATED} */
    public ApiKey authenticate(Optional<String> presented) {
        String text = presented.orElseThrow(() -> new Failure(
                ErrorCode.UNAUTHENTICATED, "the request has no API key", "send it in the header X-API-Key"));
        if (!FORM.matcher(text).matches()) {
            throw new Failure(
                    ErrorCode.UNAUTHENTICATED,
                    "the API key is not valid",
                    "a key is 'e2b_' and 40 hexadecimal digits; 'skerry keys create' makes one");
        }
        String digest = digest(text);
        Found found = remembered.get(digest);
        Instant now = clock.instant();
        if (found == null || found.at().plus(REMEMBERED).isBefore(now)) {
            long before = forgotten.get();
            ApiKey key = jdbi.withHandle(handle -> handle.createQuery("SELECT * FROM api_keys WHERE digest = :digest")
                            .bind("digest", digest)
                            .map(ROW)
                            .findOne())
                    .orElseThrow(() -> {
                        remembered.remove(digest);
                        return new Failure(ErrorCode.UNAUTHENTICATED, "the API key is not valid");
                    });
            found = new Found(key, now);
            remembered.put(digest, found);
            if (forgotten.get() != before) {
                remembered.remove(digest, found);
            }
            checkTime(key, now);
            noteUse(key, now);
        }
        checkTime(found.key(), now);
        return found.key();
    }

    /** Whether it was good a short while ago; only those that are good are remembered, so there are few. */
    public boolean remembers(String text) {
        return remembered.containsKey(digest(text));
    }

    /** Whoever has the key may be told why it opens nothing any more. */
    private static void checkTime(ApiKey key, Instant now) {
        key.expiresAt().filter(end -> !now.isBefore(end)).ifPresent(end -> {
            throw new Failure(
                    ErrorCode.UNAUTHENTICATED,
                    "the API key is not valid: it expired at " + end.truncatedTo(ChronoUnit.SECONDS),
                    "'skerry keys create' makes another one");
        });
    }

    /** When a key was last used is good to know, and nothing that a request should fail for. */
    private void noteUse(ApiKey key, Instant now) {
        if (key.lastUsedAt().filter(used -> used.plus(USE_GRAIN).isAfter(now)).isPresent()) {
            return;
        }
        try {
            jdbi.useHandle(handle -> handle.createUpdate("UPDATE api_keys SET last_used_at = :now WHERE id = :id")
                    .bind("now", Micros.of(now))
                    .bind("id", key.id())
                    .execute());
        } catch (RuntimeException e) {
            LOG.warn("that key {} was used could not be noted", key.id(), e);
        }
    }

    /**
     * Makes a key.
     *
     * @param lifetime until it opens nothing any more; empty: for ever
     * @throws Failure {@code NOT_FOUND} when there is no such tenant, {@code LIMIT_EXCEEDED} when it has too many
     */
    public Minted create(TenantId tenant, String name, KeyScope scope, Optional<Duration> lifetime) {
        checkName(name);
        String text = "e2b_" + hex(KEY_BYTES);
        Instant now = Micros.instant(Micros.of(clock.instant()));
        Optional<Instant> end = lifetime.map(time -> now.plus(checked(time)));
        ApiKey key = new ApiKey(hex(ID_BYTES), tenant, name, scope, mask(text), now, end, Optional.empty());
        int made = jdbi.withHandle(handle -> handle.createUpdate(
                        "INSERT INTO api_keys (id, tenant, name, scope, digest, mask, created_at, expires_at)"
                                + " SELECT :id, id, :name, :scope, :digest, :mask, :created, :expires"
                                + " FROM tenants WHERE id = :tenant AND deleted_at IS NULL"
                                + " AND (SELECT COUNT(*) FROM api_keys WHERE tenant = :tenant) < " + KEYS_MAX)
                .bind("id", key.id())
                .bind("tenant", tenant.text())
                .bind("name", name)
                .bind("scope", scope.label())
                .bind("digest", digest(text))
                .bind("mask", key.mask())
                .bind("created", Micros.of(now))
                .bind("expires", end.map(Micros::of).orElse(null))
                .execute());
        if (made == 0) {
            throw list(tenant).isEmpty() ? Tenants.missing(tenant.text()) : tooMany();
        }
        return new Minted(key, text);
    }

    private static Failure tooMany() {
        return new Failure(
                ErrorCode.LIMIT_EXCEEDED,
                "a tenant has at most " + KEYS_MAX + " API keys",
                "delete one that is not used");
    }

    private static Duration checked(Duration lifetime) {
        if (!lifetime.isPositive() || lifetime.compareTo(LIFETIME_MAX) > 0) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "a key lives for 1 second to " + LIFETIME_MAX.toDays() + " days",
                    "leave the time out for a key that does not expire");
        }
        return lifetime;
    }

    private static void checkName(String name) {
        if (name.isBlank() || name.length() > NAME_LENGTH_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a key's name has 1 to " + NAME_LENGTH_MAX + " characters");
        }
    }

    /** How many each tenant has that has any. */
    public Map<TenantId, Long> counts() {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT tenant, COUNT(*) AS number FROM api_keys GROUP BY tenant")
                        .map((row, _) -> Map.entry(new TenantId(row.getString("tenant")), row.getLong("number")))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    /** Oldest first. */
    public List<ApiKey> list(TenantId tenant) {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT * FROM api_keys WHERE tenant = :tenant ORDER BY created_at, id")
                        .bind("tenant", tenant.text())
                        .map(ROW)
                        .list());
    }

    /**
     * Renames one.
     *
     * @param most the greatest scope of a key that may be changed by whoever asks
     * @throws Failure {@code NOT_FOUND}, also for another tenant's; {@code DENIED}
     */
    public void rename(TenantId tenant, String id, String name, KeyScope most) {
        checkName(name);
        find(tenant, id, most);
        int changed = jdbi.withHandle(
                handle -> handle.createUpdate("UPDATE api_keys SET name = :name WHERE id = :id AND tenant = :tenant")
                        .bind("name", name)
                        .bind("id", id)
                        .bind("tenant", tenant.text())
                        .execute());
        requireOne(changed, id);
    }

    /** What a key is never changes but for its name, so it may be looked at before. */
    private void find(TenantId tenant, String id, KeyScope most) {
        ApiKey key = jdbi.withHandle(
                        handle -> handle.createQuery("SELECT * FROM api_keys WHERE id = :id AND tenant = :tenant")
                                .bind("id", id)
                                .bind("tenant", tenant.text())
                                .map(ROW)
                                .findOne())
                .orElseThrow(() -> missing(id));
        if (!most.covers(key.scope())) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "the key '" + id + "' has the scope '" + key.scope().label() + "'",
                    "only a key of that scope may change or delete it");
        }
    }

    /** See {@link #rename}. */
    public void delete(TenantId tenant, String id, KeyScope most) {
        find(tenant, id, most);
        int changed = jdbi.withHandle(
                handle -> handle.createUpdate("DELETE FROM api_keys WHERE id = :id AND tenant = :tenant")
                        .bind("id", id)
                        .bind("tenant", tenant.text())
                        .execute());
        requireOne(changed, id);
        forget(found -> found.key().id().equals(id));
    }

    /** Those of a tenant that was deleted. */
    public void forget(TenantId tenant) {
        forget(found -> found.key().tenant().equals(tenant));
    }

    private void forget(Predicate<Found> which) {
        forgotten.incrementAndGet();
        remembered.values().removeIf(which);
    }

    private static void requireOne(int changed, String id) {
        if (changed == 0) {
            throw missing(id);
        }
    }

    private static Failure missing(String id) {
        return new Failure(ErrorCode.NOT_FOUND, "there is no API key '" + id + "'");
    }

    /** {@code e2b_1234…abcd}. */
    private static String mask(String text) {
        return text.substring(0, 8) + "…" + text.substring(text.length() - 4);
    }

    private String hex(int bytes) {
        byte[] fresh = new byte[bytes];
        random.nextBytes(fresh);
        return HexFormat.of().formatHex(fresh);
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
