package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.Pools;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.settings.PoolSettings;
import dev.skerry.server.settings.PoolText;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Pools of ready sandboxes, for the server's operator. */
final class PoolRoutes {
    private static final String POOLS = "/skerry/v1/pools";

    private final Pools pools;
    private final PoolSettings standard;
    private final SandboxSettings sandboxes;

    PoolRoutes(Pools pools, PoolSettings standard, SandboxSettings sandboxes) {
        this.pools = pools;
        this.standard = standard;
        this.sandboxes = sandboxes;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(KeyScope.ADMIN, "GET", POOLS, "The pools of ready sandboxes, and how they do.", this::list)
                        .answers(200, "[]Pool"),
                door.keyed(
                                KeyScope.ADMIN,
                                "PUT",
                                POOLS,
                                "Replace the pools, until the server is started again.",
                                this::replace)
                        .takes("NewPools")
                        .answers(200, "[]Pool"));
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        ArrayNode array = Exchange.JSON.createArrayNode();
        pools.states().forEach(state -> array.add(describe(state)));
        exchange.json(200, array);
    }

    private void replace(Exchange exchange, Caller caller) throws IOException {
        Body body = Body.of(exchange);
        List<PoolText> wanted = PoolText.distinct(body.list("pools")
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'pools' is missing",
                        "send an array, as in [\"base+python=1..8\"]; an empty one for no pools")));
        PoolSettings settings = new PoolSettings(
                wanted,
                (int) within(body, "hitPercent", 1, 99, standard.hitPercent()),
                within(body, "idleBytes", 0, Long.MAX_VALUE, standard.idleBytes()),
                body.text("miss").map(PoolSettings::miss).orElse(standard.miss()),
                Duration.ofMillis(within(
                        body, "patienceMs", 1, 60_000, standard.patience().toMillis())));
        pools.plan(settings.plans(sandboxes));
        list(exchange, caller);
    }

    private static long within(Body body, String name, long least, long most, long standard) {
        long value = body.number(name).orElse(standard);
        if (value < least || value > most) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + name + "' must be a whole number from " + least + " to " + most + ", not " + value);
        }
        return value;
    }

    private static ObjectNode describe(PoolState state) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("pool", PoolText.name(state.plan()));
        node.put("floor", state.plan().floor());
        node.put("cap", state.plan().cap());
        node.put("hitPercent", Math.round(state.plan().hitRate() * 100));
        node.put("idleBytes", state.plan().idleBytes());
        node.put("miss", PoolSettings.label(state.plan().miss()));
        node.put("patienceMs", state.plan().patience().toMillis());
        node.put("ready", state.ready());
        node.put("starting", state.starting());
        node.put("target", state.target());
        node.put("hits", state.hits());
        node.put("misses", state.misses());
        node.put("waits", state.waits());
        node.put("refusals", state.refusals());
        node.put("failures", state.failures());
        node.put("demandPerSecond", state.demand());
        node.put("makingMs", state.making().toMillis());
        state.backoff().ifPresentOrElse(why -> node.put("backoff", why), () -> node.putNull("backoff"));
        return node;
    }
}
