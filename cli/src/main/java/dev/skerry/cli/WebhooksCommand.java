package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code skerry webhooks}: who is told what happens to sandboxes. */
@Command(
        name = "webhooks",
        description = "Lists, makes, tries out and removes webhooks, which are told what happens to sandboxes.",
        mixinStandardHelpOptions = true)
final class WebhooksCommand implements Runnable {
    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    WebhooksCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list, create, rm, test, deliveries");
    }

    @Command(name = "list", description = "Lists webhooks and how they do.", mixinStandardHelpOptions = true)
    int list(
            @Option(names = "--json", description = "Print a JSON array.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode webhooks = server.get("/events/webhooks");
            Columns columns = new Columns("ID", "NAME", "URL", "STATE", "LAST ERROR");
            webhooks.forEach(webhook -> columns.add(
                    webhook.path("id").asString("-"),
                    webhook.path("name").asString("-"),
                    webhook.path("url").asString("-"),
                    webhook.path("enabled").asBoolean(true)
                            ? webhook.path("skerry").path("state").asString("-")
                            : "disabled",
                    webhook.path("skerry").path("lastError").asString("")));
            context.print(json ? webhooks.toString() : columns.toString());
            return ExitCode.OK;
        }
    }

    @Command(
            name = "create",
            description = "Makes a webhook; prints its id, and the secret that the server made for it.",
            mixinStandardHelpOptions = true)
    int create(
            @Parameters(paramLabel = "NAME", description = "What to call it.") String name,
            @Parameters(paramLabel = "URL", description = "Where to post to.") String url,
            @Option(
                            names = "--events",
                            paramLabel = "TYPES",
                            description = "As in sandbox.lifecycle.killed, with commas between them (default: all).")
                    Optional<String> events,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", name);
        body.put("url", url);
        events.ifPresent(types -> body.put("events", List.of(types.split(",", -1))));
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode made = server.post("/events/webhooks", body);
            context.print(made.path("id").asString("-"));
            context.print(made.path("signatureSecret").asString(""));
            context.say("the second line is the secret that deliveries are signed with, shown this once");
            return ExitCode.OK;
        }
    }

    @Command(name = "rm", description = "Removes webhooks.", mixinStandardHelpOptions = true)
    int remove(
            @Parameters(arity = "1..*", paramLabel = "ID", description = "From 'webhooks list'.") List<String> ids,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.of(context, ids, id -> server.delete("/events/webhooks/" + ControlPlane.checked(id)));
        }
    }

    @Command(
            name = "test",
            description = "Posts something to a webhook now; ends with 1 when it did not arrive.",
            mixinStandardHelpOptions = true)
    int test(
            @Parameters(paramLabel = "ID", description = "From 'webhooks list'.") String id,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode attempt = server.post("/skerry/v1/webhooks/" + ControlPlane.checked(id) + "/test", Map.of());
            boolean delivered = attempt.path("delivered").asBoolean(false);
            context.print(
                    delivered
                            ? "delivered"
                            : "not delivered: " + attempt.path("error").asString("-"));
            return delivered ? ExitCode.OK : 1;
        }
    }

    @Command(
            name = "deliveries",
            description = "Lists the last attempts of a webhook, newest first.",
            mixinStandardHelpOptions = true)
    int deliveries(
            @Parameters(paramLabel = "ID", description = "From 'webhooks list'.") String id,
            @Option(names = "--json", description = "Print a JSON array.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode attempts = server.get("/skerry/v1/webhooks/" + ControlPlane.checked(id) + "/deliveries");
            Columns columns = new Columns("AT", "TYPE", "SANDBOX", "STATUS", "MS", "ERROR");
            attempts.forEach(attempt -> columns.add(
                    attempt.path("at").asString("-"),
                    attempt.path("type").asString("-"),
                    attempt.path("sandboxID").asString("-"),
                    attempt.path("status").asString("-"),
                    attempt.path("millis").asString("-"),
                    attempt.path("error").asString("")));
            context.print(json ? attempts.toString() : columns.toString());
            return ExitCode.OK;
        }
    }
}
