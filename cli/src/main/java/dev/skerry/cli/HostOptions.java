package dev.skerry.cli;

import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which data folder to work on. */
final class HostOptions {
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

    Host open(Context context, Launcher launcher) {
        return context.hosts().open(dataFolder(context.environment()), launcher);
    }
}
