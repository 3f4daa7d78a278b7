package dev.skerry.cli;

import dev.skerry.server.database.Password;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.ServerSettings.Overrides;
import dev.skerry.server.settings.SettingsFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The settings of {@code skerry serve}: the file, and what the command line says instead. */
final class ServeSettings {
    @Option(names = "--config", paramLabel = "FILE", description = "Settings (TOML); docs/settings.md lists them.")
    private Optional<Path> config = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where everything is kept (default: $SKERRY_DATA, or /var/lib/skerry).")
    private Optional<Path> data = Optional.empty();

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description = "Where the API listens without TLS (default: 127.0.0.1:3000).")
    private Optional<String> http = Optional.empty();

    @Option(
            names = "--tls",
            paramLabel = "HOST:PORT",
            description = "Where the API and sandboxes' ports listen with TLS (default: 127.0.0.1:8443).")
    private Optional<String> tls = Optional.empty();

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = "Sandboxes' names are below it, with the port that clients add"
                    + " (default: sbx.localhost and the port of --tls).")
    private Optional<String> domain = Optional.empty();

    @Option(
            names = "--launcher",
            paramLabel = "NAME",
            description = "What starts sandboxes of level container: auto (default), own or crun.")
    private Optional<String> launcher = Optional.empty();

    @Option(
            names = "--database",
            paramLabel = "ADDRESS",
            description = "'sqlite' (default), or postgresql://USER@HOST:PORT/NAME; its password comes from"
                    + " $SKERRY_DATABASE_PASSWORD or the file that the settings name.")
    private Optional<String> database = Optional.empty();

    @Option(
            names = "--advertise",
            paramLabel = "URL",
            description = "Where other servers of the database reach --http of this one (default: as it is).")
    private Optional<String> advertise = Optional.empty();

    @Mixin
    private PistonOptions piston = new PistonOptions();

    /** @throws Failure {@code INVALID_REQUEST}, naming every problem in a line of its own */
    ServerSettings read(Map<String, String> environment) {
        List<String> problems = new ArrayList<>();
        ServerSettings file = readFile(problems);
        Optional<Path> folder = data.or(() -> fromEnvironment(file, environment));
        Overrides overrides = new Overrides(
                folder.map(Path::toAbsolutePath),
                parsed("--http", http, Address::parse, problems),
                parsed("--tls", tls, Address::parse, problems),
                parsed("--domain", domain, SettingsFile::domain, problems));
        ServerSettings settings = withDomainOf(file.with(overrides))
                .with(databaseOf(file, environment, problems))
                .with(parsed("--launcher", launcher, Launcher::parse, problems)
                        .orElse(file.sandboxes().launcher()));
        settings = settings.with(piston.over(settings.piston(), problems));
        if (settings.http().port() != 0 && settings.http().equals(settings.tls())) {
            problems.add("http and tls are one address: " + settings.http());
        }
        if (!problems.isEmpty()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the settings are wrong:\n" + String.join("\n", problems),
                    "docs/settings.md lists all settings; './skerry serve --check' tries them");
        }
        return settings;
    }

    private DatabaseSettings databaseOf(ServerSettings file, Map<String, String> environment, List<String> problems) {
        DatabaseSettings standard = file.database();
        return new DatabaseSettings(
                parsed("--database", database, DatabaseSettings::database, problems)
                        .orElse(standard.postgres()),
                password(environment).or(standard::password),
                parsed("--advertise", advertise, DatabaseSettings::advertised, problems)
                        .orElse(standard.advertised()));
    }

    /** Not an option: everybody on the machine can see those. */
    static Optional<Password> password(Map<String, String> environment) {
        return Optional.ofNullable(environment.get("SKERRY_DATABASE_PASSWORD"))
                .filter(text -> !text.isEmpty())
                .map(Password::new);
    }

    private ServerSettings readFile(List<String> problems) {
        try {
            return config.map(SettingsFile::read).orElse(ServerSettings.DEFAULT);
        } catch (Failure e) {
            problems.add(words(e));
            return ServerSettings.DEFAULT;
        }
    }

    /** The file comes first where it names a folder other than the usual one. */
    static Optional<Path> fromEnvironment(ServerSettings file, Map<String, String> environment) {
        return Optional.ofNullable(environment.get("SKERRY_DATA"))
                .filter(text -> !text.isBlank())
                .filter(_ -> file.data().equals(ServerSettings.DEFAULT.data()))
                .map(Path::of);
    }

    static <T> Optional<T> parsed(
            String option, Optional<String> text, Function<String, T> parser, List<String> problems) {
        try {
            return text.map(parser);
        } catch (Failure e) {
            problems.add(option + ": " + words(e));
            return Optional.empty();
        }
    }

    private static String words(Failure failure) {
        return failure.getMessage() + failure.hint().map(hint -> "; " + hint).orElse("");
    }

    /** A second server needs another port, and so do the names below its domain. */
    private static ServerSettings withDomainOf(ServerSettings settings) {
        ServerSettings usual = ServerSettings.DEFAULT;
        int port = settings.tls().port();
        if (port == 0 || port == usual.tls().port() || !settings.domain().equals(usual.domain())) {
            return settings;
        }
        String own = usual.domainName() + ":" + port;
        return settings.with(new Overrides(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(own)));
    }
}
