package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code skerry pools}: sandboxes that are kept ready. */
@Command(
        name = "pools",
        description = "Shows the pools of sandboxes that are kept ready, or replaces them.",
        mixinStandardHelpOptions = true)
final class PoolsCommand implements Callable<Integer> {
    private static final String PATH = "/skerry/v1/pools";

    private final Context context;

    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    PoolsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            print(server.get(PATH), json);
            return ExitCode.OK;
        }
    }

    @Command(
            name = "set",
            description = "Replaces all pools until the server is started again; without a pool there is none. The"
                    + " settings 'jobs.pool…' say what stays.",
            mixinStandardHelpOptions = true)
    int set(
            @Parameters(
                            arity = "0..*",
                            paramLabel = "POOL",
                            description =
                                    "TEMPLATE[+LANGUAGE][@LEVEL]=FLOOR..CAP, as in base+python=1..8; TEMPLATE+sandbox"
                                            + " for sandboxes that are created, not for jobs.")
                    List<String> pools,
            @Option(names = "--hits", paramLabel = "PERCENT", description = "Jobs that shall find a ready sandbox.")
                    Optional<Integer> hits,
            @Option(names = "--miss", paramLabel = "WHAT", description = "Of those that do not: cold, wait, refuse.")
                    Optional<String> miss,
            @Option(names = "--json", description = "Print a JSON array.") boolean asJson,
            @Mixin ServerOptions options,
            @Mixin HostOptions host)
            throws InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("pools", pools == null ? List.of() : pools);
        hits.ifPresent(percent -> body.put("hitPercent", percent));
        miss.ifPresent(word -> body.put("miss", word));
        try (ControlPlane server = options.open(context, host)) {
            print(server.put(PATH, body), asJson);
            return ExitCode.OK;
        }
    }

    private void print(JsonNode pools, boolean asJson) {
        if (asJson) {
            context.print(pools.toString());
            return;
        }
        Columns columns =
                new Columns("POOL", "READY", "TARGET", "FLOOR..CAP", "HITS", "MISSES", "CLAIMS/S", "MAKING", "");
        pools.forEach(pool -> columns.add(
                pool.path("pool").asString("-"),
                pool.path("ready").asString("-"),
                pool.path("target").asString("-"),
                pool.path("floor").asString("-") + ".." + pool.path("cap").asString("-"),
                pool.path("hits").asString("-"),
                Long.toString(pool.path("misses").asLong(0)
                        + pool.path("waits").asLong(0)
                        + pool.path("refusals").asLong(0)),
                String.format(Locale.ROOT, "%.1f", pool.path("demandPerSecond").asDouble(0)),
                pool.path("makingMs").asString("-") + " ms",
                pool.path("backoff").asString("")));
        context.print(columns.toString());
    }
}
