package dev.skerry.server.tenants;

import java.time.Instant;
import java.util.Optional;

/**
 * An API key as it is stored: without its text, which is shown once.
 *
 * @param mask its first and last characters
 * @param lastUsedAt to the minute
 */
public record ApiKey(
        String id, TenantId tenant, String name, String mask, Instant createdAt, Optional<Instant> lastUsedAt) {}
