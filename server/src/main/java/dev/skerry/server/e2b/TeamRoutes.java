package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The caller's own team (a tenant here) with its keys, and the host. */
final class TeamRoutes {
    private static final int PREFIX_LENGTH = 4;
    private static final int VALUE_LENGTH = 40;
    private static final int SUFFIX_LENGTH = 4;

    private final ApiKeys keys;
    private final Sandboxes sandboxes;
    private final HostAgent host;

    TeamRoutes(ApiKeys keys, Sandboxes sandboxes, HostAgent host) {
        this.keys = keys;
        this.sandboxes = sandboxes;
        this.host = host;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed("GET", "/teams", "The team of the key.", TeamRoutes::teams)
                        .answers(200, "[]Team"),
                door.keyed("GET", "/api-keys", "List the team's keys.", this::list)
                        .answers(200, "[]TeamApiKey"),
                door.keyed("POST", "/api-keys", "Make a key; only now is it shown.", this::create)
                        .takes("NewTeamApiKey")
                        .answers(201, "CreatedTeamApiKey"),
                door.keyed("PATCH", "/api-keys/{apiKeyID}", "Rename a key.", this::rename)
                        .takes("NewTeamApiKey")
                        .answers(200),
                door.keyed("DELETE", "/api-keys/{apiKeyID}", "Delete a key.", this::delete)
                        .answers(204),
                door.keyed("GET", "/skerry/v1/tenants", "The tenants that the key may see: its own.", this::tenants)
                        .answers(200, "[]Tenant"),
                door.keyed("GET", "/skerry/v1/host", "What the host is and has.", this::host)
                        .answers(200, "Host"));
    }

    /** The key is the one that the caller has: others are not known any more. */
    private static void teams(Exchange exchange, Caller caller) throws IOException {
        String tenant = caller.tenant().text();
        exchange.json(
                200, List.of(Map.of("teamID", tenant, "name", tenant, "apiKey", caller.keyText(), "isDefault", true)));
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        ArrayNode array = Exchange.JSON.createArrayNode();
        keys.list(caller.tenant()).forEach(key -> array.add(describe(key)));
        exchange.json(200, array);
    }

    private static ObjectNode describe(ApiKey key) {
        String mask = key.mask();
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", key.id());
        node.put("name", key.name());
        node.putObject("mask")
                .put("prefix", mask.substring(0, PREFIX_LENGTH))
                .put("valueLength", VALUE_LENGTH)
                .put("maskedValuePrefix", mask.substring(PREFIX_LENGTH, mask.indexOf('…')))
                .put("maskedValueSuffix", mask.substring(mask.length() - SUFFIX_LENGTH));
        node.put("createdAt", key.createdAt().toString());
        node.putNull("createdBy");
        key.lastUsedAt().ifPresentOrElse(used -> node.put("lastUsed", used.toString()), () -> node.putNull("lastUsed"));
        return node;
    }

    private void create(Exchange exchange, Caller caller) throws IOException {
        ApiKeys.Minted minted = keys.create(caller.tenant(), name(exchange));
        exchange.json(201, describe(minted.key()).put("key", minted.text()));
    }

    private void rename(Exchange exchange, Caller caller) throws IOException {
        keys.rename(caller.tenant(), exchange.variable("apiKeyID"), name(exchange));
        exchange.empty(200);
    }

    private static String name(Exchange exchange) throws IOException {
        return Body.of(exchange)
                .text("name")
                .orElseThrow(() -> new Failure(ErrorCode.INVALID_REQUEST, "'name' is missing"));
    }

    private void delete(Exchange exchange, Caller caller) throws IOException {
        keys.delete(caller.tenant(), exchange.variable("apiKeyID"));
        exchange.empty(204);
    }

    private void tenants(Exchange exchange, Caller caller) throws IOException {
        exchange.json(
                200,
                List.of(Map.of(
                        "id",
                        caller.tenant().text(),
                        "keys",
                        keys.list(caller.tenant()).size(),
                        "running",
                        sandboxes.running(caller.tenant()))));
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
