package dev.skerry.cli;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.PistonSettings.Defaults;
import dev.skerry.server.settings.PistonSettings.Overrides;
import dev.skerry.wire.Isolation;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What the command line says of Piston's API. */
final class PistonOptions {
    @Option(
            names = "--piston",
            paramLabel = "HOST:PORT",
            description = "Where it listens alone too, without TLS, as in 127.0.0.1:2000 (default: nowhere).")
    private Optional<String> listen = Optional.empty();

    @Option(names = "--piston-anonymous", description = "Answer there without a key, as Piston does.")
    private boolean anonymous;

    @Option(
            names = "--piston-anonymous-isolation",
            paramLabel = "LEVEL",
            description = "Weakest isolation for those without a key (default: gvisor).")
    private Optional<String> isolation = Optional.empty();

    @Option(
            names = "--piston-defaults",
            paramLabel = "NAME",
            description = "Limits that nobody has set: skerry (default), or strict for Piston's own, with"
                    + " 1,024 bytes of output.")
    private Optional<String> defaults = Optional.empty();

    PistonSettings over(PistonSettings file, List<String> problems) {
        PistonSettings settings = file.with(new Overrides(
                ServeSettings.parsed("--piston", listen, Address::parse, problems),
                anonymous,
                ServeSettings.parsed("--piston-anonymous-isolation", isolation, Isolation::parse, problems),
                ServeSettings.parsed("--piston-defaults", defaults, Defaults::parse, problems)));
        if (settings.anonymous() && settings.listen().isEmpty()) {
            problems.add("piston.anonymous needs an address of its own: --piston 127.0.0.1:2000, or piston.listen");
        }
        return settings;
    }
}
