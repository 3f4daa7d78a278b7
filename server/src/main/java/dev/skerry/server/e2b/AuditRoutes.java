package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditFilter;
import dev.skerry.server.tenants.AuditFilter.Outcome;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.AuditPage;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.AuditQuery.Page;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Who changed what: of the own tenant, and of all for the server's operator. */
final class AuditRoutes {
    private static final int ENTRIES_MAX = 1000;
    private static final int ENTRIES = 100;

    private final AuditLog audit;
    private final Searches searches;

    AuditRoutes(AuditLog audit, Searches searches) {
        this.audit = audit;
        this.searches = searches;
    }

    List<Operation> operations(Door door) {
        return List.of(door.keyed(
                        KeyScope.TENANT,
                        "GET",
                        "/skerry/v1/audit",
                        "What was changed through the API, newest first: of the tenant, or of all with scope admin. The"
                                + " header Skerry-Seen is the 'before' or 'after' of the next page, Skerry-Last the"
                                + " greatest sequence number there was.",
                        this::list)
                .query("since", "ISO 8601 with an offset.")
                .query("until", "ISO 8601 with an offset.")
                .query("subject", "The id of what it was done to.")
                .query("operation", "A part of it, as POST or pause.")
                .query("outcome", "done, refused or failed.")
                .query("text", "A part of anything that an entry says.")
                .query("key", "The id of the key with which it was done.")
                .query("tenant", "Only of that tenant.")
                .queryNumber("before", "The least sequence number that is known: the page after it.")
                .queryNumber("after", "A sequence number: what comes after it, oldest first.")
                .queryNumber("limit", "1 to 1000; 100 if absent.")
                .answers(200, "[]AuditEntry"));
    }

    private void list(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        AuditFilter filter = new AuditFilter(
                whose(exchange, caller),
                Queries.text(exchange, "subject"),
                Queries.text(exchange, "key"),
                Queries.text(exchange, "operation"),
                Queries.one(exchange, "outcome", Outcome.values()),
                Queries.time(exchange, "since"),
                Queries.time(exchange, "until"),
                Queries.text(exchange, "text"));
        Optional<Long> before = Queries.number(exchange, "before", 0, Long.MAX_VALUE);
        Optional<Long> after = Queries.number(exchange, "after", 0, Long.MAX_VALUE);
        if (before.isPresent() && after.isPresent()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "there is 'before' and 'after'", "leave one of them out");
        }
        Page page = after.<Page>map(Page.After::new).orElseGet(() -> new Page.Newest(before));
        AuditQuery query = new AuditQuery(filter, page, Queries.limit(exchange, 1, ENTRIES_MAX, ENTRIES));
        ArrayNode array = Exchange.JSON.createArrayNode();
        AuditPage found = searches.run(() -> audit.page(query));
        found.entries().forEach(entry -> describe(array.addObject(), entry));
        exchange.set("Skerry-Seen", String.valueOf(found.seen()));
        exchange.set("Skerry-Last", String.valueOf(found.last()));
        exchange.json(200, array);
    }

    /** Whoever is not the operator gets no other tenant's, and not even told whether there is one. */
    static Optional<TenantId> whose(Exchange exchange, Caller caller) {
        Optional<String> asked = Queries.text(exchange, "tenant");
        if (caller.may(KeyScope.ADMIN)) {
            return asked.map(TenantId::new);
        }
        if (asked.isPresent() && !asked.get().equals(caller.tenant().text())) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "a key of scope '" + caller.key().scope().label() + "' sees its own tenant only",
                    "leave 'tenant' out");
        }
        return Optional.of(caller.tenant());
    }

    private static void describe(ObjectNode node, AuditEntry entry) {
        node.put("sequence", entry.sequence());
        node.put("at", entry.at().toString());
        node.put("tenant", entry.tenant().text());
        node.put("keyID", entry.keyId());
        node.put("keyName", entry.keyName());
        node.put("operation", entry.operation());
        node.put("subject", entry.subject());
        node.put("address", entry.address());
        node.put("status", entry.status());
        node.put("code", entry.code());
        node.put("requestID", entry.request());
    }
}
