package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code skerry tenants}: for whom the server works. */
@Command(
        name = "tenants",
        description = "Lists the tenants of the server that the key may see.",
        mixinStandardHelpOptions = true)
final class TenantsCommand implements Callable<Integer> {
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
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode tenants = server.get("/skerry/v1/tenants");
            Columns columns = new Columns("ID");
            tenants.forEach(tenant -> columns.add(tenant.path("id").asString("-")));
            context.print(json ? tenants.toString() : columns.toString());
            return ExitCode.OK;
        }
    }
}
