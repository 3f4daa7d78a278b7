package dev.skerry.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code skerry template}: root file systems to run in. */
@Command(
        name = "template",
        description = "Imports, lists and removes root file systems to run in.",
        mixinStandardHelpOptions = true)
final class TemplateCommand implements Runnable {
    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    TemplateCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: import, list, rm");
    }

    @Command(
            name = "import",
            description = "Imports an OCI image from a layout folder or an archive of one.",
            mixinStandardHelpOptions = true)
    int importImage(
            @Parameters(paramLabel = "PATH", description = "OCI layout folder, or .tar of one.") Path source,
            @Option(names = "--name", paramLabel = "NAME", description = "What to call it (default: the file's name).")
                    Optional<String> name,
            @Mixin HostOptions hostOptions) {
        try (Host host = hostOptions.open(context)) {
            String fileName = String.valueOf(source.toAbsolutePath().normalize().getFileName());
            Host.Template template = host.importTemplate(source, name.orElse(stem(fileName)));
            context.print(template.name() + " " + template.digest());
            return ExitCode.OK;
        }
    }

    private static String stem(String fileName) {
        return fileName.replaceFirst("\\.(oci|tar|tgz|tar\\.gz|oci\\.tar)$", "");
    }

    @Command(name = "list", description = "Lists templates.", mixinStandardHelpOptions = true)
    int list(@Mixin HostOptions hostOptions) {
        try (Host host = hostOptions.open(context)) {
            Columns columns = new Columns("NAME", "DIGEST", "FROM");
            host.templates().forEach(template -> columns.add(template.name(), template.digest(), template.origin()));
            context.print(columns.toString());
            return ExitCode.OK;
        }
    }

    @Command(name = "rm", description = "Removes templates.", mixinStandardHelpOptions = true)
    int remove(
            @Parameters(arity = "1..*", paramLabel = "NAME", description = "Templates to remove.") List<String> names,
            @Mixin HostOptions hostOptions) {
        try (Host host = hostOptions.open(context)) {
            names.forEach(host::removeTemplate);
            return ExitCode.OK;
        }
    }
}
