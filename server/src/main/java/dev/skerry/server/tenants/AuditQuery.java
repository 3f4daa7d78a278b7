package dev.skerry.server.tenants;

import java.util.Optional;

/**
 * A page of the audit log.
 *
 * @param page where it is
 */
public record AuditQuery(AuditFilter filter, Page page, int limit) {
    /** Where a page is. */
    public sealed interface Page {
        /** The newest, of those with a smaller sequence number if there is one; newest first. */
        record Newest(Optional<Long> before) implements Page {}

        /** What comes after that sequence number, oldest first: for those who follow. */
        record After(long sequence) implements Page {}
    }

    public static AuditQuery newest(AuditFilter filter, int limit) {
        return new AuditQuery(filter, new Page.Newest(Optional.empty()), limit);
    }
}
