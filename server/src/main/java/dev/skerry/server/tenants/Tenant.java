package dev.skerry.server.tenants;

import java.time.Instant;

/**
 * Somebody for whom the server works: with sandboxes and keys that no other tenant sees.
 *
 * @param name for people
 * @param own what of its quota is not as the server's settings say
 */
public record Tenant(TenantId id, String name, Instant createdAt, Quota own) {}
