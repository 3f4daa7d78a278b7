package dev.skerry.server.tenants;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
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
    private static final Duration REMEMBERED = Duration.ofSeconds(5);
    private static final Duration USE_GRAIN = Duration.ofMinutes(1);
    private static final RowMapper<ApiKey> ROW = (row, _) -> {
        long used = row.getLong("last_used_at");
        boolean unused = row.wasNull();
        return new ApiKey(
                row.getString("id"),
                new TenantId(row.getString("tenant")),
                row.getString("name"),
                row.getString("mask"),
                Instant.ofEpochMilli(row.getLong("created_at")),
                unused ? Optional.empty() : Optional.of(Instant.ofEpochMilli(used)));
    };

    private final Jdbi jdbi;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, Found> remembered = new ConcurrentHashMap<>();

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
            noteUse(key, now);
        }
        return found.key();
    }

    /** When a key was last used is good to know, and nothing that a request should fail for. */
    private void noteUse(ApiKey key, Instant now) {
        if (key.lastUsedAt().filter(used -> used.plus(USE_GRAIN).isAfter(now)).isPresent()) {
            return;
        }
        try {
            jdbi.useHandle(handle -> handle.createUpdate("UPDATE api_keys SET last_used_at = :now WHERE id = :id")
                    .bind("now", now.toEpochMilli())
                    .bind("id", key.id())
                    .execute());
        } catch (RuntimeException e) {
            LOG.warn("that key {} was used could not be noted", key.id(), e);
        }
    }

    public Minted create(TenantId tenant, String name) {
        checkName(name);
        String text = "e2b_" + hex(KEY_BYTES);
        ApiKey key = new ApiKey(hex(ID_BYTES), tenant, name, mask(text), clock.instant(), Optional.empty());
        jdbi.useHandle(handle -> handle.createUpdate("INSERT INTO api_keys (id, tenant, name, digest, mask, created_at)"
                        + " VALUES (:id, :tenant, :name, :digest, :mask, :created)")
                .bind("id", key.id())
                .bind("tenant", tenant.text())
                .bind("name", name)
                .bind("digest", digest(text))
                .bind("mask", key.mask())
                .bind("created", key.createdAt().toEpochMilli())
                .execute());
        return new Minted(key, text);
    }

    private static void checkName(String name) {
        if (name.isBlank() || name.length() > NAME_LENGTH_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a key's name has 1 to " + NAME_LENGTH_MAX + " characters");
        }
    }

    /** Oldest first. */
    public List<ApiKey> list(TenantId tenant) {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT * FROM api_keys WHERE tenant = :tenant ORDER BY created_at, id")
                        .bind("tenant", tenant.text())
                        .map(ROW)
                        .list());
    }

    /** @throws Failure {@code NOT_FOUND}, also for another tenant's */
    public void rename(TenantId tenant, String id, String name) {
        checkName(name);
        int changed = jdbi.withHandle(
                handle -> handle.createUpdate("UPDATE api_keys SET name = :name WHERE id = :id AND tenant = :tenant")
                        .bind("name", name)
                        .bind("id", id)
                        .bind("tenant", tenant.text())
                        .execute());
        requireOne(changed, id);
    }

    /** @throws Failure {@code NOT_FOUND}, also for another tenant's */
    public void delete(TenantId tenant, String id) {
        int changed = jdbi.withHandle(
                handle -> handle.createUpdate("DELETE FROM api_keys WHERE id = :id AND tenant = :tenant")
                        .bind("id", id)
                        .bind("tenant", tenant.text())
                        .execute());
        requireOne(changed, id);
        remembered.values().removeIf(found -> found.key().id().equals(id));
    }

    private static void requireOne(int changed, String id) {
        if (changed == 0) {
            throw new Failure(ErrorCode.NOT_FOUND, "there is no API key '" + id + "'");
        }
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
