package dev.skerry.server.tenants;

import java.time.Instant;
import java.util.Optional;

/**
 * An API key as it is stored: without its text, which is shown once.
 *
 * @param mask its first and last characters
 * @param expiresAt from when it opens nothing; empty: it never does
 * @param lastUsedAt to the minute
 */
public record ApiKey(
        String id,
        TenantId tenant,
        String name,
        KeyScope scope,
        String mask,
        Instant createdAt,
        Optional<Instant> expiresAt,
        Optional<Instant> lastUsedAt) {}
