package dev.skerry.server.tenants;

import java.time.Instant;

/**
 * Something that was changed through the API, or was to be. It holds neither a secret nor anything of a request's
 * content.
 *
 * @param sequence rises; 0 while it is not stored
 * @param tenant of the key
 * @param operation method and path, as in the table of routes
 * @param subject the id of what it was done to; empty if there is none
 * @param address of the peer; a header that says otherwise is not believed
 * @param status of the answer; 0 when there was none
 * @param code why it was refused; empty if it was not
 * @param request its id, as in the log and in the answer
 */
public record AuditEntry(
        long sequence,
        Instant at,
        TenantId tenant,
        String keyId,
        String keyName,
        String operation,
        String subject,
        String address,
        int status,
        String code,
        String request) {
    AuditEntry numbered(long number) {
        return new AuditEntry(number, at, tenant, keyId, keyName, operation, subject, address, status, code, request);
    }
}
