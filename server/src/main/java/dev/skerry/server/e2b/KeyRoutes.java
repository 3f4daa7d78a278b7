package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.tenants.ApiKey;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * API keys: of the caller's own tenant, in the words of the E2B API, and of any for its operator. Nobody makes, renames
 * or deletes a key that opens more than the own one.
 */
final class KeyRoutes {
    private static final int PREFIX_LENGTH = 4;
    private static final int VALUE_LENGTH = 40;
    private static final int SUFFIX_LENGTH = 4;
    private static final String KEYS = "/skerry/v1/tenants/{tenantID}/keys";

    private final Tenants tenants;
    private final ApiKeys keys;

    KeyRoutes(Tenants tenants, ApiKeys keys) {
        this.tenants = tenants;
        this.keys = keys;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.TENANT, "GET", "/api-keys", "List the team's keys.", of(Caller::tenant, this::list))
                        .answers(200, "[]TeamApiKey"),
                door.keyed(
                                KeyScope.TENANT,
                                "POST",
                                "/api-keys",
                                "Make a key; only now is it shown.",
                                of(Caller::tenant, this::create))
                        .takes("NewTeamApiKey")
                        .answers(201, "CreatedTeamApiKey"),
                door.keyed(KeyScope.TENANT, "PATCH", "/api-keys/{apiKeyID}", "Rename a key.", this::rename)
                        .takes("KeyName")
                        .answers(200),
                door.keyed(
                                KeyScope.TENANT,
                                "DELETE",
                                "/api-keys/{apiKeyID}",
                                "Delete a key.",
                                of(Caller::tenant, this::delete))
                        .answers(204),
                door.keyed(KeyScope.TENANT, "GET", KEYS, "List the keys of a tenant.", ofPath(this::list))
                        .answers(200, "[]TeamApiKey"),
                door.keyed(
                                KeyScope.TENANT,
                                "POST",
                                KEYS,
                                "Make a key of a tenant; only now is it shown.",
                                ofPath(this::create))
                        .takes("NewTeamApiKey")
                        .answers(201, "CreatedTeamApiKey"),
                door.keyed(
                                KeyScope.TENANT,
                                "DELETE",
                                KEYS + "/{apiKeyID}",
                                "Delete a key of a tenant.",
                                ofPath(this::delete))
                        .answers(204));
    }

    /** Done to the keys of one tenant. */
    private interface OnKeys {
        void handle(Exchange exchange, Caller caller, TenantId tenant) throws IOException;
    }

    private interface Whose {
        TenantId tenant(Caller caller);
    }

    private static Door.KeyedHandler of(Whose whose, OnKeys action) {
        return (exchange, caller) -> action.handle(exchange, caller, whose.tenant(caller));
    }

    private Door.KeyedHandler ofPath(OnKeys action) {
        return (exchange, caller) -> {
            TenantId tenant = TenantPath.id(exchange, caller);
            action.handle(exchange, caller, tenants.get(tenant).id());
        };
    }

    private void list(Exchange exchange, Caller caller, TenantId tenant) throws IOException {
        ArrayNode array = Exchange.JSON.createArrayNode();
        keys.list(tenant).forEach(key -> array.add(describe(key)));
        exchange.json(200, array);
    }

    private static ObjectNode describe(ApiKey key) {
        String mask = key.mask();
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", key.id());
        node.put("name", key.name());
        node.put("scope", key.scope().label());
        node.putObject("mask")
                .put("prefix", mask.substring(0, PREFIX_LENGTH))
                .put("valueLength", VALUE_LENGTH)
                .put("maskedValuePrefix", mask.substring(PREFIX_LENGTH, mask.indexOf('…')))
                .put("maskedValueSuffix", mask.substring(mask.length() - SUFFIX_LENGTH));
        node.put("createdAt", key.createdAt().toString());
        node.putNull("createdBy");
        key.expiresAt().ifPresentOrElse(end -> node.put("expiresAt", end.toString()), () -> node.putNull("expiresAt"));
        key.lastUsedAt().ifPresentOrElse(used -> node.put("lastUsed", used.toString()), () -> node.putNull("lastUsed"));
        return node;
    }

    private void create(Exchange exchange, Caller caller, TenantId tenant) throws IOException {
        Body body = Body.of(exchange);
        KeyScope scope = body.text("scope").map(KeyScope::parse).orElse(KeyScope.TENANT);
        if (!caller.may(scope)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    "a key of scope '" + caller.key().scope().label() + "' makes none of scope '" + scope.label() + "'",
                    "ask whoever has a key of that scope");
        }
        Optional<Duration> lifetime = body.number("expiresIn").map(Timeouts::seconds);
        ApiKeys.Minted minted = keys.create(tenant, name(body), scope, lifetime);
        RequestFacts.subject(exchange, minted.key().id());
        exchange.json(201, describe(minted.key()).put("key", minted.text()));
    }

    private void rename(Exchange exchange, Caller caller) throws IOException {
        String name = name(Body.of(exchange));
        keys.rename(
                caller.tenant(),
                exchange.variable("apiKeyID"),
                name,
                caller.key().scope());
        exchange.empty(200);
    }

    private static String name(Body body) {
        return body.text("name").orElseThrow(() -> new Failure(ErrorCode.INVALID_REQUEST, "'name' is missing"));
    }

    private void delete(Exchange exchange, Caller caller, TenantId tenant) throws IOException {
        keys.delete(tenant, exchange.variable("apiKeyID"), caller.key().scope());
        exchange.empty(204);
    }
}
