package dev.skerry.server.tenants;

import java.util.List;

/**
 * Some entries, in the order that was asked for.
 *
 * @param seen what is up to that sequence number was looked at, or of the newest what is from that one on: where to go
 *     on; of the newest 0 when there is nothing older
 * @param last the greatest sequence number there was
 */
public record AuditPage(List<AuditEntry> entries, long seen, long last) {
    public AuditPage {
        entries = List.copyOf(entries);
    }
}
