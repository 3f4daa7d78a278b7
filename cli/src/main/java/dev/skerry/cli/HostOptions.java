package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which data folder to work on. */
final class HostOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            description = "Where templates and the identity of this installation are kept"
                    + " (default: $SKERRY_DATA, or /var/lib/skerry).")
    private Optional<Path> data = Optional.empty();

    Path dataFolder(Map<String, String> environment) {
        return data.or(() -> Optional.ofNullable(environment.get("SKERRY_DATA"))
                        .filter(text -> !text.isBlank())
                        .map(Path::of))
                .orElse(Path.of("/var/lib/skerry"))
                .toAbsolutePath();
    }

    Host open(Context context) {
        return open(context, Launcher.AUTO);
    }

    /** @throws Failure {@code INVALID_REQUEST} when this is not root, with the command that is */
    void needRoot(Context context) {
        if (!context.root()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "sandboxes are made of namespaces and cgroups, for which this must be root",
                    "sudo " + command.qualifiedName());
        }
    }

    Host open(Context context, Launcher launcher) {
        needRoot(context);
        return context.hosts().open(dataFolder(context.environment()), launcher);
    }
}
