package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The caller's own team (a tenant here), and the host. */
final class TeamRoutes {
    private final HostAgent host;

    TeamRoutes(HostAgent host) {
        this.host = host;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.READ, "GET", "/teams", "The team of the key.", TeamRoutes::teams)
                        .answers(200, "[]Team"),
                door.keyed(KeyScope.READ, "GET", "/skerry/v1/host", "What the host is and has.", this::host)
                        .answers(200, "Host"));
    }

    /** The key is the one that the caller has: others are not known any more. */
    private static void teams(Exchange exchange, Caller caller) throws IOException {
        String tenant = caller.tenant().text();
        exchange.json(
                200, List.of(Map.of("teamID", tenant, "name", tenant, "apiKey", caller.keyText(), "isDefault", true)));
    }

    private void host(Exchange exchange, Caller caller) throws IOException {
        HostFacts facts = host.facts();
        exchange.json(
                200,
                Map.of(
                        "host",
                        facts.id().text(),
                        "levels",
                        facts.levels().stream().map(Isolation::label).toList(),
                        "cpuMillis",
                        facts.cpuMillis(),
                        "memoryBytes",
                        facts.memoryBytes(),
                        "diskBytes",
                        facts.diskBytes()));
    }
}
