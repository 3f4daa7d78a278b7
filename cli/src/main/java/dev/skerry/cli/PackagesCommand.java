package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.host.jobs.Language;
import dev.skerry.host.jobs.LanguageSet;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code skerry packages}: languages beside those of the host's own packages. */
@Command(
        name = "packages",
        description = "Makes packages of languages, and lists, installs and removes those of a server.",
        mixinStandardHelpOptions = true)
final class PackagesCommand implements Runnable {
    private static final String PATH = "/api/v2/packages";
    private static final String WHICH =
            "LANGUAGE or LANGUAGE:VERSION, as in ruby and ruby:3.1.x; of several the newest.";

    /** An archive is read twice, and what is in it written to the disk. */
    private static final Duration INSTALL_BOUND = Duration.ofMinutes(15);

    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    PackagesCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list, install, rm, make");
    }

    @Command(
            name = "list",
            description = "Lists languages that a server has, and those that can be installed on it.",
            mixinStandardHelpOptions = true)
    int list(
            @Option(names = "--json", description = "Print a JSON array.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode packages = server.get(PATH);
            if (json) {
                context.print(packages.toString());
                return ExitCode.OK;
            }
            Columns columns = new Columns("LANGUAGE", "VERSION", "INSTALLED", "TEMPLATES");
            packages.forEach(each -> columns.add(
                    each.path("language").asString("-"),
                    each.path("language_version").asString("-"),
                    each.path("installed").asBoolean(false) ? "yes" : "no",
                    each.path("templates")
                            .valueStream()
                            .map(name -> name.asString("-"))
                            .collect(Collectors.joining(" "))));
            context.print(columns.toString());
            return ExitCode.OK;
        }
    }

    @Command(
            name = "install",
            description = "Installs languages from the server's folder of packages (its setting 'piston.packages').",
            mixinStandardHelpOptions = true)
    int install(
            @Parameters(arity = "1..*", paramLabel = "LANGUAGE[:VERSION]", description = WHICH) List<String> wanted,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.telling(context, wanted, one -> told(server.post(PATH, body(one), INSTALL_BOUND)));
        }
    }

    @Command(
            name = "rm",
            aliases = "remove",
            description = "Removes languages from a server; their archives stay in its folder of packages.",
            mixinStandardHelpOptions = true)
    int remove(
            @Parameters(arity = "1..*", paramLabel = "LANGUAGE[:VERSION]", description = WHICH) List<String> wanted,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.telling(context, wanted, one -> told(server.delete(PATH, body(one))));
        }
    }

    private static Map<String, Object> body(String wanted) {
        int colon = wanted.indexOf(':');
        return colon < 0
                ? Map.of("language", wanted, "version", "*")
                : Map.of("language", wanted.substring(0, colon), "version", wanted.substring(colon + 1));
    }

    private static String told(JsonNode answer) {
        return answer.path("language").asString("-") + " "
                + answer.path("version").asString("-");
    }

    @Command(
            name = "make",
            description =
                    "Makes packages of Debian's, from the sources of this machine's apt, and adds them to a folder"
                            + " for the setting 'piston.packages'. Languages of one toolchain come together: c and c++,"
                            + " javascript and typescript.",
            mixinStandardHelpOptions = true)
    int make(
            @Parameters(arity = "0..*", paramLabel = "LANGUAGE", description = "As in: python lua c++.")
                    List<String> names,
            @Option(names = "--all", description = "All languages that there are.") boolean all,
            @Option(names = "--to", paramLabel = "FOLDER", required = true, description = "The folder of packages.")
                    Path folder,
            @Option(
                            names = "--cache",
                            paramLabel = "FOLDER",
                            description = "Keeps what is fetched for the next time (default: nothing is kept).")
                    Optional<Path> cache,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        List<LanguageSet> sets = sets(names == null ? List.of() : names, all);
        if (!context.root()) {
            throw new Failure(ErrorCode.DENIED, "'packages make' needs root", "run it with sudo");
        }
        try (PackageShelf shelf = PackageShelf.open(folder);
                Host host = hostOptions.open(context)) {
            return new PackageMaking(context, host, host.images(), shelf, cache.map(Path::toAbsolutePath)).make(sets);
        }
    }

    private List<LanguageSet> sets(List<String> names, boolean all) {
        if (names.isEmpty() == !all) {
            throw new ParameterException(
                    spec.commandLine(),
                    (all ? "'--all' is all of them already" : "which language?") + "; there are: "
                            + Stream.of(Language.values()).map(Language::label).collect(Collectors.joining(", ")));
        }
        return all
                ? LanguageSet.all()
                : names.stream()
                        .map(Language::named)
                        .map(LanguageSet::of)
                        .distinct()
                        .toList();
    }
}
