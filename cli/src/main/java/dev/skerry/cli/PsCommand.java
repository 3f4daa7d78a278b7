package dev.skerry.cli;

import dev.skerry.wire.Quantity;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skerry ps}: the sandboxes of this machine. */
@Command(name = "ps", description = "Lists the sandboxes of this data folder.", mixinStandardHelpOptions = true)
final class PsCommand implements Callable<Integer> {
    private final Context context;

    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    @Mixin
    private HostOptions hostOptions = new HostOptions();

    PsCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (Host host = hostOptions.open(context)) {
            List<Host.Row> rows = host.list();
            context.print(
                    json ? ResultJson.of(rows.stream().map(PsCommand::fields).toList()) : table(rows));
            return ExitCode.OK;
        }
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
