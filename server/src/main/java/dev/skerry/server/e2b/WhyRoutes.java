package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditFilter;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** Why a sandbox is as it is: of the own tenant, and of all for the server's operator. */
final class WhyRoutes {
    /** The newest of one sandbox. */
    private static final int CALLS_MAX = 1000;

    private final Sandboxes sandboxes;
    private final AuditLog audit;
    private final Supplier<List<HostTerm>> terms;

    /** @param terms of the host, oldest first */
    WhyRoutes(Sandboxes sandboxes, AuditLog audit, Supplier<List<HostTerm>> terms) {
        this.sandboxes = sandboxes;
        this.audit = audit;
        this.terms = terms;
    }

    List<Operation> operations(Door door) {
        return List.of(door.keyed(
                        KeyScope.TENANT,
                        "GET",
                        "/skerry/v1/sandboxes/{sandboxID}/why",
                        "The whole history of a sandbox with its reasons, also after its end: of the tenant, or of"
                                + " any with scope admin.",
                        this::why)
                .answers(200, "SandboxWhy"));
    }

    private void why(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        boolean operator = caller.may(KeyScope.ADMIN);
        Sandbox sandbox = SandboxPath.call(exchange, caller, (tenant, id) -> sandboxes
                .stored(id)
                .filter(found -> operator || found.tenant().equals(tenant))
                .orElseThrow(() -> new Failure(ErrorCode.NOT_FOUND, "there is no sandbox " + id)));
        Optional<TenantId> whose = operator ? Optional.empty() : Optional.of(sandbox.tenant());
        List<AuditEntry> calls =
                audit.find(AuditQuery.newest(AuditFilter.of(whose, sandbox.id().text()), CALLS_MAX));
        List<HostTerm> servers = terms.get();
        Story story = new Story(sandbox, sandboxes.events(sandbox.tenant(), sandbox.id()), calls.reversed(), servers);
        exchange.json(200, describe(story));
    }

    private static ObjectNode describe(Story story) {
        Sandbox sandbox = story.sandbox();
        ObjectNode root = Exchange.JSON.createObjectNode();
        root.put("sandboxID", sandbox.id().text());
        root.put("tenant", sandbox.tenant().text());
        root.put("state", story.state());
        root.put("summary", story.summary());
        root.put("template", sandbox.config().template());
        root.put("alias", sandbox.config().alias().orElse(""));
        root.put("isolation", sandbox.config().floor().label());
        Limits limits = sandbox.config().limits();
        root.putObject("limits")
                .put("cpuMillis", limits.cpuMillis())
                .put("memoryBytes", limits.memoryBytes())
                .put("diskBytes", limits.diskBytes())
                .put("processes", limits.processes());
        root.put("createdAt", sandbox.createdAt().toString());
        root.put("endsAt", sandbox.endsAt().toString());
        sandbox.state().place().ifPresent(host -> root.put("host", host.text()));
        if (sandbox.state() instanceof SandboxState.Stopped stopped) {
            root.put("endedAt", stopped.at().toString());
        }
        because(root, sandbox.why());
        var history = root.putArray("history");
        for (Story.Line line : story.lines()) {
            ObjectNode node = history.addObject();
            node.put("at", line.at().toString()).put("what", line.what()).put("text", line.text());
            node.put("detail", line.detail());
            line.why().ifPresent(why -> because(node, why));
            line.call().ifPresent(call -> called(node, call));
            if (line.term() > 0) {
                node.put("term", line.term());
            }
        }
        return root;
    }

    private static void because(ObjectNode node, Why why) {
        node.put("cause", why.cause().label());
        node.put("keyID", why.origin().key());
        node.put("address", why.origin().address());
        node.put("requestID", why.origin().request());
    }

    private static void called(ObjectNode node, AuditEntry call) {
        node.put("operation", call.operation()).put("status", call.status()).put("code", call.code());
        node.put("keyID", call.keyId()).put("address", call.address()).put("requestID", call.request());
    }
}
