package dev.skerry.cli;

import dev.skerry.cli.client.EnvFile;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry serve}: the server, in this process, until it is told to stop. */
@Command(
        name = "serve",
        description = {
            "Serves the E2B API on this machine until it is asked to end (SIGTERM, Ctrl-C); sandboxes go on then,",
            "and the next 'serve' on the same data folder has them. A second Ctrl-C does not wait for requests."
        },
        sortOptions = false,
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code:%n",
        exitCodeList = {
            "0:it was asked to end, or --check found nothing wrong",
            "2:the settings are wrong, or it was not started as root",
            "125:it failed"
        })
final class ServeCommand implements Callable<Integer> {
    private static final String KEY_NAME = "made by 'skerry serve'";

    private final Context context;

    @Mixin
    private ServeSettings settingsOptions = new ServeSettings();

    @Option(
            names = "--env-file",
            paramLabel = "FILE",
            description = "Write what clients need there too, as NAME=VALUE lines, beside DATA/" + EnvFile.NAME + ".")
    private Optional<Path> envFile = Optional.empty();

    @Option(names = "--check", description = "Say what the settings come to, and end.")
    private boolean check;

    ServeCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        ServerSettings settings = settingsOptions.read(context.environment());
        envFile.ifPresent(this::requireFolder);
        if (check) {
            if (context.root()) {
                context.servers().check(settings);
            }
            context.print("ok\n" + ServeReport.settings(settings));
            return ExitCode.OK;
        }
        if (!context.root()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the server makes namespaces and cgroups, for which it must be root",
                    "sudo ./skerry serve");
        }
        try (RunningServer server = context.servers().open(settings)) {
            context.stops().onFirst(() -> drain(server));
            Path noted = settings.data().resolve(EnvFile.NAME);
            List<Path> files =
                    Stream.concat(envFile.stream(), Stream.of(noted)).distinct().toList();
            Optional<String> known = files.stream()
                    .map(file -> EnvFile.read(file).getOrDefault(EnvFile.API_KEY, ""))
                    .filter(key -> !key.isBlank() && server.accepts(key))
                    .findFirst();
            String key = known.orElseGet(() -> server.mintKey(KEY_NAME));
            files.forEach(file -> EnvFile.write(file, variables(server.facts(), key)));
            var report = new ServeReport(server.facts(), files.getFirst());
            tell(report.text(known.isPresent() || inJournal() ? Optional.empty() : Optional.of(key)));
            server.lines().forEach(context::say);
            tell("ready");
            server.awaitEnd();
            return ExitCode.OK;
        }
    }

    /** A server goes on where nobody reads it, and on a disk that is full; what clients need is in the file. */
    private void tell(String text) {
        try {
            context.print(text);
        } catch (LostOutput e) {
            context.say("standard output cannot be written: " + e.getMessage());
        }
    }

    /** Before anything is made. Who may not look does not know; but only root serves. */
    private void requireFolder(Path file) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        String problem = "";
        if (folder == null || Files.isDirectory(file)) {
            problem = "'" + file + "' is a folder";
        } else if (Files.notExists(folder)) {
            problem = "there is no folder '" + folder + "'";
        } else if (Files.exists(folder) && !Files.isDirectory(folder)) {
            problem = "'" + folder + "' is not a folder";
        } else if (context.root() && !Files.isWritable(folder)) {
            problem = "nothing can be written into '" + folder + "'";
        }
        if (!problem.isEmpty()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "--env-file " + file + " cannot be written: " + problem,
                    "name a file in a folder that is there");
        }
    }

    /** systemd keeps what a service prints, and a key must not be kept there (systemd.exec(5)). */
    private boolean inJournal() {
        return context.environment().containsKey("JOURNAL_STREAM");
    }

    private void drain(RunningServer server) {
        try {
            context.say("stopping: waiting for requests; sandboxes go on");
            server.drain();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> variables(RunningServer.Facts facts, String key) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put(EnvFile.API_KEY, key);
        variables.put(EnvFile.API_URL, facts.api().toString());
        variables.put(EnvFile.DOMAIN, facts.domain());
        variables.put(EnvFile.NODE_AUTHORITY, facts.authority().toString());
        variables.put(EnvFile.AUTHORITIES, facts.authorities().toString());
        return variables;
    }
}
