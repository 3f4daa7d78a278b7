package dev.skerry.cli;

import dev.skerry.cli.HostChecks.Check;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry doctor}: the truth about this machine. */
@Command(
        name = "doctor",
        description =
                "Says what this machine can do, what is missing and which command brings it, and what was left behind.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit code:%n",
        exitCodeList = {"0:sandboxes of level container work here", "1:they do not, or an attack succeeded"})
final class DoctorCommand implements Callable<Integer> {
    private static final String ATTACKS = "dev.skerry.testkit.Attacks";

    private final Context context;

    @Option(names = "--clean", description = "Remove what dead sandboxes and data folders that are gone have left.")
    private boolean clean;

    @Option(names = "--json", description = "Print a JSON object.")
    private boolean json;

    @Option(names = "--attack", description = "Run the security claims against this machine and print a table.")
    private boolean attack;

    @Option(
            names = "--launcher",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "What starts the sandboxes of level container that are tried: auto, own or crun.")
    private Launcher launcher = Launcher.AUTO;

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    DoctorCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws Exception {
        if (clean || attack) {
            hostOptions.needRoot(context);
        }
        if (attack) {
            return Extension.run(
                    ATTACKS,
                    List.of(
                            "--data",
                            hostOptions.dataFolder(context.environment()).toString()));
        }
        List<Check> checks = new ArrayList<>(new HostChecks(Path.of("/")).all());
        List<String> removed = List.of();
        boolean works = false;
        try (Host host = hostOptions.open(context, launcher)) {
            var trials = new DriverTrials(host);
            checks.addAll(trials.all());
            works = trials.containerWorks();
            removed = clean ? host.clean() : List.of();
            checks.add(leftovers(host.leftovers()));
        } catch (Failure e) {
            checks.add(new Check(
                    "engine",
                    Check.State.MISSING,
                    String.valueOf(e.getMessage()),
                    "every sandbox",
                    e.hint().orElse("")));
        }
        context.print(json ? ResultJson.of(fields(checks, removed)) : text(checks, removed));
        return works ? ExitCode.OK : ExitCode.ERROR;
    }

    private static Check leftovers(List<String> names) {
        return names.isEmpty()
                ? new Check("leftovers", Check.State.OK, "none", "nothing of a dead sandbox remains", "")
                : new Check(
                        "leftovers",
                        Check.State.WARNING,
                        names.size() + ": " + String.join(", ", names),
                        "nothing of a dead sandbox remains, or of a data folder that is gone",
                        "./skerry doctor --clean");
    }

    private static String text(List<Check> checks, List<String> removed) {
        StringBuilder text = new StringBuilder();
        int width =
                checks.stream().mapToInt(check -> check.name().length()).max().orElse(0);
        for (Check check : checks) {
            text.append("%-8s ".formatted(check.state().label()))
                    .append(check.name())
                    .append(" ".repeat(width - check.name().length() + 2))
                    .append(check.detail())
                    .append("\n");
            if (check.state() != Check.State.OK) {
                text.append(" ".repeat(9))
                        .append("for: ")
                        .append(check.purpose())
                        .append("\n");
                check.fix().lines().forEach(line -> text.append(" ".repeat(9))
                        .append("fix: ")
                        .append(line)
                        .append("\n"));
            }
        }
        removed.forEach(name -> text.append("removed  ").append(name).append("\n"));
        return text.toString().stripTrailing();
    }

    private static Map<String, Object> fields(List<Check> checks, List<String> removed) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("checks", checks.stream().map(DoctorCommand::fields).toList());
        fields.put("removed", removed);
        return fields;
    }

    private static Map<String, Object> fields(Check check) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", check.name());
        fields.put("state", check.state().label());
        fields.put("detail", check.detail());
        fields.put("for", check.purpose());
        fields.put("fix", check.fix());
        return fields;
    }
}
