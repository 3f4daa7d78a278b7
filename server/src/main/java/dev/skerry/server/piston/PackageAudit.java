package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.InstantSource;

/** Writes changes of packages to the audit log. A job changes nothing that stays, and is not written there. */
record PackageAudit(AuditLog log, InstantSource clock) {
    Entry.Answer of(String method, Entry.Answer answer) {
        return (exchange, caller) -> {
            int status = ErrorCode.INTERNAL.status();
            String code = ErrorCode.INTERNAL.name();
            try {
                answer.give(exchange, caller);
                status = exchange.response().getStatus();
                code = "";
            } catch (Failure e) {
                status = e.code().status();
                code = e.code().name();
                throw e;
            } finally {
                note(exchange, caller, method, status, code);
            }
        };
    }

    private void note(Exchange exchange, Caller caller, String method, int status, String code) {
        log.note(new AuditEntry(
                0,
                clock.instant(),
                caller.tenant(),
                caller.key().map(ApiKey::id).orElse(""),
                caller.key().map(ApiKey::name).orElse(""),
                method + " /api/v2/packages",
                RequestFacts.subject(exchange).orElse(""),
                exchange.remote(),
                status,
                code,
                exchange.requestId()));
    }
}
