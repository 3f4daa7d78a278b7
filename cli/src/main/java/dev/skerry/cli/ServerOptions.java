package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.cli.client.EnvFile;
import dev.skerry.cli.client.ServerAddress;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * Which server to talk to: the one of {@code --url}, else of {@code E2B_API_URL}, else the one that {@code skerry
 * serve} noted in the data folder. A key given in words goes with any of them; otherwise it comes from where the URL
 * came from.
 */
final class ServerOptions {
    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The server (default: $E2B_API_URL, or the one that 'serve' noted in the data folder).")
    private Optional<String> url = Optional.empty();

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description = "The API key; others of this machine can see it here (default: $E2B_API_KEY, or as above).")
    private Optional<String> key = Optional.empty();

    /** @throws Failure {@code INVALID_REQUEST} when none is known */
    ControlPlane open(Context context, HostOptions host) {
        return given(context, host)
                .or(() -> noted(context, host))
                .map(ControlPlane::open)
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "no server is known: neither --url nor E2B_API_URL, and no " + file(context, host),
                        "'./skerry serve' as root starts one"));
    }

    /** The server if one is named, or one is noted and answers. */
    Optional<ControlPlane> find(Context context, HostOptions host) throws InterruptedException {
        Optional<ServerAddress> given = given(context, host);
        if (given.isPresent()) {
            return given.map(ControlPlane::open);
        }
        Optional<ServerAddress> noted = noted(context, host);
        if (noted.isEmpty()) {
            return Optional.empty();
        }
        ControlPlane server = ControlPlane.open(noted.get());
        if (server.answers()) {
            return Optional.of(server);
        }
        server.close();
        return Optional.empty();
    }

    private Optional<ServerAddress> given(Context context, HostOptions host) {
        String origin = url.isPresent() ? "--url" : EnvFile.API_URL;
        return url.or(() -> variable(context.environment(), EnvFile.API_URL)).map(text -> {
            URI server = ServerAddress.url(text, origin);
            Map<String, String> file = readable(file(context, host));
            boolean same = server.toString().equals(file.get(EnvFile.API_URL));
            Map<String, String> known = same ? file : Map.of();
            return new ServerAddress(
                    server,
                    key.or(() -> variable(context.environment(), EnvFile.API_KEY))
                            .or(() -> variable(known, EnvFile.API_KEY))
                            .orElse(""),
                    variable(context.environment(), EnvFile.AUTHORITIES)
                            .or(() -> variable(known, EnvFile.AUTHORITIES))
                            .map(Path::of),
                    variable(known, EnvFile.DOMAIN).or(() -> variable(context.environment(), EnvFile.DOMAIN)),
                    origin);
        });
    }

    /** Who names a server need not be allowed to read what root noted. */
    private static Map<String, String> readable(Path file) {
        try {
            return EnvFile.read(file);
        } catch (Failure e) {
            return Map.of();
        }
    }

    private Optional<ServerAddress> noted(Context context, HostOptions host) {
        Path path = file(context, host);
        Map<String, String> file = EnvFile.read(path);
        return variable(file, EnvFile.API_URL)
                .map(text -> new ServerAddress(
                        ServerAddress.url(text, path.toString()),
                        key.or(() -> variable(file, EnvFile.API_KEY)).orElse(""),
                        variable(file, EnvFile.AUTHORITIES).map(Path::of),
                        variable(file, EnvFile.DOMAIN),
                        path.toString()));
    }

    private static Path file(Context context, HostOptions host) {
        return host.dataFolder(context.environment()).resolve(EnvFile.NAME);
    }

    private static Optional<String> variable(Map<String, String> variables, String name) {
        return Optional.ofNullable(variables.get(name)).filter(text -> !text.isBlank());
    }
}
