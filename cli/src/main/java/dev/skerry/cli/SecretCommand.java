package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Instant;
import java.time.InstantSource;
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

/** {@code skerry secret}: what tokens are made of, and what is stored encrypted. Works on the data folder's file. */
@Command(
        name = "secret",
        description = {
            "Lists, rotates and retires the secrets of the server: tokens of sandboxes are derived from the first,",
            "what is stored is encrypted under it, and the others are still accepted. The texts are never shown."
        },
        mixinStandardHelpOptions = true)
final class SecretCommand implements Runnable {
    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    SecretCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list, rotate, retire");
    }

    private SecretFile file(HostOptions hostOptions) {
        return new SecretFile(hostOptions.dataFolder(context.environment()));
    }

    @Command(name = "list", description = "Lists the ids of the secrets.", mixinStandardHelpOptions = true)
    int list(@Mixin HostOptions hostOptions) {
        List<Secret> secrets = file(hostOptions).read();
        Columns columns = new Columns("ID", "USED SINCE", "STATE");
        for (Secret secret : secrets) {
            columns.add(
                    secret.id(),
                    secret.since().map(Instant::toString).orElse("the first start"),
                    secret.equals(secrets.getFirst()) ? "used" : "accepted");
        }
        context.print(columns.toString());
        return ExitCode.OK;
    }

    @Command(
            name = "rotate",
            description = "Makes a new secret and uses it from now on; a server that runs takes it up within a second.",
            mixinStandardHelpOptions = true)
    int rotate(@Mixin HostOptions hostOptions) {
        SecretFile file = file(hostOptions);
        Secret fresh = file.rotate(InstantSource.system().instant());
        context.print(fresh.id());
        List<Secret> secrets = file.read();
        context.say("secret " + fresh.id() + " is used now; accepted still: "
                + String.join(", ", secrets.stream().skip(1).map(Secret::id).toList()));
        return ExitCode.OK;
    }

    @Command(
            name = "retire",
            description = {
                "Takes a secret out for ever. Tokens that were handed out while it was the one in use are refused from",
                "then on: clients get new ones when they connect again."
            },
            mixinStandardHelpOptions = true)
    int retire(
            @Parameters(paramLabel = "ID", description = "From 'secret list'.") String id,
            @Option(
                            names = "--force",
                            description = "Without asking the server whether something is still encrypted with it.")
                    boolean force,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        if (!force) {
            checkUnneeded(id, serverOptions, hostOptions);
        }
        file(hostOptions).retire(id);
        context.say("secret " + id + " is not accepted any more");
        return ExitCode.OK;
    }

    private void checkUnneeded(String id, ServerOptions serverOptions, HostOptions hostOptions)
            throws InterruptedException {
        Optional<ControlPlane> found = serverOptions.find(context, hostOptions);
        if (found.isEmpty()) {
            throw new Failure(
                    ErrorCode.HOST_UNREACHABLE,
                    "no server answers that could say whether something is still encrypted with " + id,
                    "start it, which encrypts all of it with the secret in use; or say --force");
        }
        try (ControlPlane server = found.get()) {
            for (JsonNode secret : server.get("/skerry/v1/secrets")) {
                long sealed = secret.path("sealed").asLong(0);
                if (secret.path("id").asString("").equals(id) && sealed > 0) {
                    throw new Failure(
                            ErrorCode.CONFLICT,
                            sealed + " stored values are encrypted with " + id + " still",
                            "wait some seconds after 'secret rotate', and look into the server's log if it stays so");
                }
            }
        }
    }
}
