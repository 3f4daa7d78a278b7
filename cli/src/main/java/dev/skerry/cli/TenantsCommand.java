package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.wire.Quantity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code skerry tenants}: for whom the server works, and how much each may have. */
@Command(
        name = "tenants",
        description = "Lists, makes, changes and removes tenants of the server. Alone it lists those that the key may"
                + " see: its own, or all with scope admin.",
        mixinStandardHelpOptions = true)
final class TenantsCommand implements Callable<Integer> {
    private static final String PATH = "/skerry/v1/tenants";

    private final Context context;

    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    TenantsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        return list(json, serverOptions, hostOptions);
    }

    @Command(
            name = "list",
            description = "Lists the tenants that the key may see, with what they use of their quotas.",
            mixinStandardHelpOptions = true)
    int list(
            @Option(names = "--json", description = "Print a JSON array.") boolean asJson,
            @Mixin ServerOptions server,
            @Mixin HostOptions host)
            throws InterruptedException {
        try (ControlPlane open = server.open(context, host)) {
            JsonNode tenants = open.get(PATH);
            Columns columns = new Columns("ID", "NAME", "KEYS", "SANDBOXES", "CPUS", "MEMORY", "DISK", "CREATES/S");
            tenants.forEach(tenant -> columns.add(
                    tenant.path("id").asString("-"),
                    tenant.path("name").asString("-"),
                    tenant.path("keys").asString("-"),
                    quota(tenant, "sandboxes", String::valueOf),
                    quota(tenant, "cpuMillis", TenantsCommand::cpus),
                    quota(tenant, "memoryBytes", Quantity::ofBytes),
                    quota(tenant, "diskBytes", Quantity::ofBytes),
                    limit(tenant.path("quotas").path("createsPerSecond"), String::valueOf)));
            context.print(asJson ? tenants.toString() : columns.toString());
            return ExitCode.OK;
        }
    }

    private static String cpus(long millis) {
        return millis % 1000 == 0 ? String.valueOf(millis / 1000) : String.valueOf(millis / 1000.0);
    }

    private static String quota(JsonNode tenant, String field, LongFunction<String> words) {
        JsonNode quota = tenant.path("quotas").path(field);
        JsonNode used = quota.path("used");
        return (used.isNumber() ? words.apply(used.longValue()) : "-") + "/" + limit(quota, words);
    }

    private static String limit(JsonNode quota, LongFunction<String> words) {
        JsonNode limit = quota.path("limit");
        return limit.isNumber() ? words.apply(limit.longValue()) : "none";
    }

    @Command(
            name = "create",
            description = "Makes a tenant. An id is used once: that of a removed tenant stays with its history.",
            mixinStandardHelpOptions = true)
    int create(
            @Parameters(paramLabel = "ID", description = "Up to 63 of a-z, 0-9 and '-'.") String id,
            @Option(names = "--name", paramLabel = "NAME", description = "For people (default: the id).")
                    Optional<String> name,
            @Mixin QuotaOptions quotas,
            @Mixin ServerOptions server,
            @Mixin HostOptions host)
            throws InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", id);
        body.putAll(body(name, quotas));
        try (ControlPlane open = server.open(context, host)) {
            open.post(PATH, body);
            context.print(id);
            context.say("'./skerry keys create NAME --tenant " + id + "' makes its first key");
            return ExitCode.OK;
        }
    }

    private static Map<String, Object> body(Optional<String> name, QuotaOptions quotas) {
        Map<String, Object> body = new LinkedHashMap<>();
        name.ifPresent(text -> body.put("name", text));
        Map<String, Object> given = quotas.body();
        if (!given.isEmpty()) {
            body.put("quotas", given);
        }
        return body;
    }

    @Command(
            name = "set",
            description = "Changes the name and quotas of a tenant; what is not said stays.",
            mixinStandardHelpOptions = true)
    int set(
            @Parameters(paramLabel = "ID", description = "The tenant.") String id,
            @Option(names = "--name", paramLabel = "NAME", description = "For people.") Optional<String> name,
            @Mixin QuotaOptions quotas,
            @Mixin ServerOptions server,
            @Mixin HostOptions host)
            throws InterruptedException {
        try (ControlPlane open = server.open(context, host)) {
            open.patch(PATH + "/" + ControlPlane.checked(id), body(name, quotas));
            context.print(id);
            return ExitCode.OK;
        }
    }

    @Command(
            name = "rm",
            description = "Removes tenants and their keys. One that has sandboxes, running or paused, stays.",
            mixinStandardHelpOptions = true)
    int remove(
            @Parameters(arity = "1..*", paramLabel = "ID", description = "The tenants.") List<String> ids,
            @Mixin ServerOptions server,
            @Mixin HostOptions host)
            throws InterruptedException {
        try (ControlPlane open = server.open(context, host)) {
            return Each.of(context, ids, id -> open.delete(PATH + "/" + ControlPlane.checked(id)));
        }
    }
}
