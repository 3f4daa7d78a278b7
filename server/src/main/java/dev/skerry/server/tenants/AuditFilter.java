package dev.skerry.server.tenants;

import java.time.Instant;
import java.util.Optional;

/**
 * Which entries of the audit log are meant; what is empty does not matter.
 *
 * @param operation a part of it, as {@code POST} or {@code pause}
 * @param until not at that time any more
 * @param text a part of anything that an entry says
 */
public record AuditFilter(
        Optional<TenantId> tenant,
        Optional<String> subject,
        Optional<String> keyId,
        Optional<String> operation,
        Optional<Outcome> outcome,
        Optional<Instant> since,
        Optional<Instant> until,
        Optional<String> text) {
    public static final AuditFilter ALL = new AuditFilter(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** What became of a request. */
    public enum Outcome {
        DONE,
        REFUSED,
        /** Or never answered. */
        FAILED
    }

    /** All that was done to that, with keys of that tenant or of any. */
    public static AuditFilter of(Optional<TenantId> tenant, String subject) {
        return new AuditFilter(
                tenant,
                Optional.of(subject),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
