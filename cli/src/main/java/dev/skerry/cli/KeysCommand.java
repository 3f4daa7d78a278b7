package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code skerry keys}: who may talk to the server. */
@Command(
        name = "keys",
        description = "Lists, makes and removes API keys of the server.",
        mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
    private static final String OF_TENANT = "Of that tenant instead of the key's own; for keys of scope admin.";

    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    KeysCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list, create, rm");
    }

    @Command(name = "list", description = "Lists API keys, without their secret.", mixinStandardHelpOptions = true)
    int list(
            @Option(names = "--json", description = "Print a JSON array.") boolean json,
            @Option(names = "--tenant", paramLabel = "TENANT", description = OF_TENANT) Optional<String> tenant,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode keys = server.get(path(tenant));
            if (json) {
                context.print(keys.toString());
                return ExitCode.OK;
            }
            Columns columns = new Columns("ID", "NAME", "SCOPE", "KEY", "CREATED", "EXPIRES", "LAST USED");
            keys.forEach(key -> columns.add(
                    key.path("id").asString("-"),
                    key.path("name").asString("-"),
                    key.path("scope").asString("-"),
                    masked(key.path("mask")),
                    key.path("createdAt").asString("-"),
                    key.path("expiresAt").asString("-"),
                    key.path("lastUsed").asString("-")));
            context.print(columns.toString());
            return ExitCode.OK;
        }
    }

    private static String path(Optional<String> tenant) {
        return tenant.map(id -> "/skerry/v1/tenants/" + ControlPlane.checked(id) + "/keys")
                .orElse("/api-keys");
    }

    private static String masked(JsonNode mask) {
        return mask.isString()
                ? mask.stringValue()
                : mask.path("prefix").asString("")
                        + mask.path("maskedValuePrefix").asString("") + "…"
                        + mask.path("maskedValueSuffix").asString("");
    }

    @Command(
            name = "create",
            description = "Makes an API key and prints it, which is the only time that it is seen.",
            mixinStandardHelpOptions = true)
    int create(
            @Parameters(paramLabel = "NAME", description = "What to call it.") String name,
            @Mixin NewKey wanted,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode made = server.post(path(wanted.tenant), wanted.body(name));
            context.print(made.path("key").asString(""));
            context.say("the key has id " + made.path("id").asString("-") + " and is shown this once");
            return ExitCode.OK;
        }
    }

    @Command(
            name = "rm",
            description = "Removes API keys; whoever uses one is refused from then on.",
            mixinStandardHelpOptions = true)
    int remove(
            @Parameters(arity = "1..*", paramLabel = "ID", description = "Ids of keys, from 'keys list'.")
                    List<String> ids,
            @Option(names = "--tenant", paramLabel = "TENANT", description = OF_TENANT) Optional<String> tenant,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.of(context, ids, id -> server.delete(path(tenant) + "/" + ControlPlane.checked(id)));
        }
    }
}
