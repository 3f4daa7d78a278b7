package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.cli.client.ServerSandbox;
import dev.skerry.wire.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry ps}: the sandboxes of this machine. */
@Command(
        name = "ps",
        description = {
            "Lists the sandboxes of the server, if one is named or answers,",
            "else those of 'run' and 'shell' on this machine."
        },
        mixinStandardHelpOptions = true)
final class PsCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print ids only.")
    private boolean quiet;

    @Option(names = "--local", description = "Those of 'run' and 'shell' on this machine.")
    private boolean local;

    @Mixin
    private ServerOptions serverOptions = new ServerOptions();

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    PsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        Optional<ControlPlane> found = local ? Optional.empty() : serverOptions.find(context, hostOptions);
        if (found.isPresent()) {
            try (ControlPlane server = found.get()) {
                List<ServerSandbox> sandboxes = server.sandboxes();
                print(
                        sandboxes.stream().map(ServerSandbox::id).toList(),
                        sandboxes.stream().map(PsCommand::fields).toList(),
                        () -> serverTable(sandboxes));
            }
            return ExitCode.OK;
        }
        try (Host host = hostOptions.open(context)) {
            List<Host.Row> rows = host.list();
            print(
                    rows.stream().map(Host.Row::id).toList(),
                    rows.stream().map(PsCommand::fields).toList(),
                    () -> table(rows));
            return ExitCode.OK;
        }
    }

    private void print(List<String> ids, List<Map<String, Object>> objects, Supplier<String> table) {
        if (json) {
            context.print(ResultJson.of(objects));
        } else if (!quiet) {
            context.print(table.get());
        } else if (!ids.isEmpty()) {
            context.print(String.join("\n", ids));
        }
    }

    private static Map<String, Object> fields(ServerSandbox sandbox) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", sandbox.id());
        fields.put("template", sandbox.template());
        fields.put("state", sandbox.state());
        sandbox.started().ifPresent(time -> fields.put("started", time.toString()));
        sandbox.ends().ifPresent(time -> fields.put("ends", time.toString()));
        fields.put("cpus", sandbox.cpus());
        fields.put("memory_mib", sandbox.memoryMebibytes());
        fields.put("metadata", sandbox.metadata());
        return fields;
    }

    private static String serverTable(List<ServerSandbox> sandboxes) {
        Instant now = InstantSource.system().instant();
        Columns columns = new Columns("ID", "TEMPLATE", "STATE", "AGE", "ENDS IN", "CPUS", "MEMORY", "METADATA");
        for (ServerSandbox sandbox : sandboxes) {
            String ends = sandbox.paused()
                    ? "-"
                    : sandbox.ends()
                            .map(end -> time(Duration.between(now, end)))
                            .orElse("-");
            columns.add(
                    sandbox.id(),
                    sandbox.template(),
                    sandbox.state(),
                    sandbox.started()
                            .map(start -> time(Duration.between(start, now)))
                            .orElse("-"),
                    ends,
                    String.valueOf(sandbox.cpus()),
                    Quantity.ofBytes(sandbox.memoryMebibytes() << 20),
                    sandbox.metadata().entrySet().stream()
                            .map(pair -> pair.getKey() + "=" + pair.getValue())
                            .sorted()
                            .collect(Collectors.joining(",")));
        }
        return columns.toString();
    }

    /** Clocks of two machines may differ a little. */
    private static String time(Duration time) {
        return Quantity.ofTime(time.isNegative() ? Duration.ZERO : time.truncatedTo(ChronoUnit.SECONDS));
    }

    private static Map<String, Object> fields(Host.Row row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", row.id());
        row.name().ifPresent(name -> fields.put("name", name));
        fields.put("isolation", row.isolation().label());
        fields.put("driver", row.runtime());
        fields.put("state", state(row));
        fields.put("created", row.created().toString());
        row.controller().ifPresent(pid -> fields.put("controller_pid", pid));
        return fields;
    }

    private static String table(List<Host.Row> rows) {
        Columns columns = new Columns("ID", "NAME", "ISOLATION", "DRIVER", "STATE", "AGE", "CONTROLLER");
        for (Host.Row row : rows) {
            columns.add(
                    row.id(),
                    row.name().orElse("-"),
                    row.isolation().label(),
                    row.runtime(),
                    state(row),
                    Quantity.ofTime(Duration.between(
                            row.created(), InstantSource.system().instant())),
                    row.controller().map(String::valueOf).orElse("-"));
        }
        return columns.toString();
    }

    private static String state(Host.Row row) {
        return row.running() ? "running" : "ended";
    }
}
