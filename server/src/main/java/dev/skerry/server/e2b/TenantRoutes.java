package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Tenant;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tenants and their quotas: for the server's operator; everybody sees the own one. */
final class TenantRoutes {
    private static final String TENANTS = "/skerry/v1/tenants";
    private static final String TENANT = TENANTS + "/{tenantID}";

    private final Tenants tenants;
    private final ApiKeys keys;
    private final Sandboxes sandboxes;

    TenantRoutes(Tenants tenants, ApiKeys keys, Sandboxes sandboxes) {
        this.tenants = tenants;
        this.keys = keys;
        this.sandboxes = sandboxes;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(
                                KeyScope.READ,
                                "GET",
                                TENANTS,
                                "The tenants that the key may see: its own, or all with scope admin.",
                                this::list)
                        .answers(200, "[]Tenant"),
                door.keyed(KeyScope.READ, "GET", TENANT, "A tenant, its quotas and what it uses of them.", this::get)
                        .answers(200, "Tenant"),
                door.keyed(KeyScope.ADMIN, "POST", TENANTS, "Make a tenant.", this::create)
                        .takes("NewTenant")
                        .answers(201, "Tenant"),
                door.keyed(KeyScope.ADMIN, "PATCH", TENANT, "Change a tenant's name and quotas.", this::change)
                        .takes("TenantUpdate")
                        .answers(200, "Tenant"),
                door.keyed(KeyScope.ADMIN, "DELETE", TENANT, "Delete a tenant that has no sandboxes.", this::delete)
                        .answers(204));
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        List<Tenant> seen = caller.may(KeyScope.ADMIN) ? tenants.list() : List.of(tenants.get(caller.tenant()));
        Map<TenantId, Long> counts = keys.counts();
        ArrayNode array = Exchange.JSON.createArrayNode();
        seen.forEach(tenant -> array.add(describe(tenant, counts.getOrDefault(tenant.id(), 0L))));
        exchange.json(200, array);
    }

    private void get(Exchange exchange, Caller caller) throws IOException {
        exchange.json(200, describe(tenants.get(TenantPath.id(exchange, caller))));
    }

    private ObjectNode describe(Tenant tenant) {
        return describe(tenant, keys.list(tenant.id()).size());
    }

    private ObjectNode describe(Tenant tenant, long keyCount) {
        Map<Resource, Long> used = sandboxes.use(tenant.id());
        Quota quota = tenant.own().over(tenants.standard());
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", tenant.id().text());
        node.put("name", tenant.name());
        node.put("createdAt", tenant.createdAt().toString());
        node.put("keys", keyCount);
        node.put("running", used.getOrDefault(Resource.SANDBOXES, 0L));
        ObjectNode quotas = node.putObject("quotas");
        for (Resource resource : Resource.values()) {
            ObjectNode one = quotas.putObject(resource.field());
            OptionalLong limit = quota.limit(resource);
            if (limit.isPresent()) {
                one.put("limit", limit.getAsLong());
            } else {
                one.putNull("limit");
            }
            one.put("own", tenant.own().limits().containsKey(resource));
            Optional.ofNullable(used.get(resource)).ifPresent(amount -> one.put("used", amount));
        }
        return node;
    }

    private void create(Exchange exchange, Caller caller) throws IOException {
        Body body = Body.of(exchange);
        TenantId id = new TenantId(
                body.text("id").orElseThrow(() -> new Failure(ErrorCode.INVALID_REQUEST, "'id' is missing")));
        Map<Resource, Long> own = new EnumMap<>(Resource.class);
        quotas(body).forEach((resource, limit) -> limit.ifPresent(value -> own.put(resource, value)));
        Tenant made = tenants.create(id, body.text("name").orElse(id.text()), new Quota(own));
        RequestFacts.subject(exchange, id.text());
        exchange.json(201, describe(made));
    }

    /** Null is the server's standard; what is absent is not in it. */
    private static Map<Resource, Optional<Long>> quotas(Body body) {
        Map<Resource, Optional<Long>> found = new EnumMap<>(Resource.class);
        body.object("quotas").ifPresent(quotas -> quotas.root().propertyNames().forEach(name -> {
            Resource resource = Resource.of(name)
                    .orElseThrow(() -> new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "there is no quota '" + Quoted.of(name) + "'",
                            "there are " + Resource.fields()));
            found.put(resource, quotas.number(name));
        }));
        return found;
    }

    private void change(Exchange exchange, Caller caller) throws IOException {
        Body body = Body.of(exchange);
        TenantId id = TenantPath.id(exchange, caller);
        exchange.json(200, describe(tenants.change(id, new Tenants.Change(body.text("name"), quotas(body)))));
    }

    private void delete(Exchange exchange, Caller caller) throws IOException {
        TenantId id = tenants.get(TenantPath.id(exchange, caller)).id();
        sandboxes.retire(id, () -> tenants.delete(id));
        keys.forget(id);
        exchange.empty(204);
    }
}
