package dev.skerry.server.tenants;

import java.time.Instant;
import java.util.Optional;

/**
 * What of the audit log is asked for, newest first.
 *
 * @param tenant empty: of all
 * @param before only those with a smaller sequence number
 */
public record AuditQuery(
        Optional<TenantId> tenant,
        Optional<Instant> since,
        Optional<String> subject,
        Optional<String> keyId,
        Optional<Long> before,
        int limit) {}
