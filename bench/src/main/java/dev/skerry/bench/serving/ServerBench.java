package dev.skerry.bench.serving;

import dev.skerry.bench.Arguments;
import dev.skerry.bench.Machine;
import dev.skerry.bench.Postgres;
import dev.skerry.bench.Report;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** {@code skerry bench server}: starts servers of its own, in a folder that is gone afterwards. */
public final class ServerBench {
    private static final List<String> PARTS =
            List.of("create", "exec", "streams", "expiry", "gateway", "control", "tenants", "list");
    private static final String USAGE = """
        Usage: skerry bench server [--quick] [--only PART]... [--output FOLDER]
        Measures the server through its API: sandboxes, execs, streams, the gateway next to nginx, and more.
          --quick          fewer values
          --only PART      one of create, exec, streams, expiry, gateway, control, tenants, list
          --output FOLDER  where server.json, server.md and server.svg go (default: docs/benchmarks)
        """;

    private ServerBench() {}

    /** Exit code: 0; a wrong argument is a {@link Failure}. */
    public static int run(List<String> arguments) throws Exception {
        Path output = Path.of("docs/benchmarks");
        boolean quick = false;
        Set<String> parts = new HashSet<>();
        Arguments all = new Arguments("bench server", arguments);
        while (all.next()) {
            switch (all.name()) {
                case "--quick" -> quick = true;
                case "--only" -> parts.add(all.oneOf(PARTS));
                case "--output" -> output = all.path();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw all.unknown();
            }
        }
        System.out.print(measure(ServerBenchSettings.usual(quick, parts, output), System.err::println));
        return 0;
    }

    private static String measure(ServerBenchSettings settings, Consumer<String> progress) throws Exception {
        Report report = new Report(Machine.facts());
        Path scratch = Machine.scratch();
        try {
            if (Stream.of("create", "exec", "streams", "expiry", "gateway").anyMatch(settings::wants)) {
                real(Files.createDirectory(scratch.resolve("real")), settings, report, progress);
            }
            if (Stream.of("control", "tenants", "list").anyMatch(settings::wants)) {
                simulated(Files.createDirectory(scratch.resolve("simulated")), settings, report, progress);
            }
        } finally {
            Machine.delete(scratch);
        }
        report.write(settings.output(), "server");
        return report.markdown();
    }

    private static void real(Path folder, ServerBenchSettings settings, Report report, Consumer<String> progress)
            throws Exception {
        progress.accept("starting a server");
        try (ServerUnderTest server = ServerUnderTest.start(folder, ServerVariant.REAL)) {
            SandboxPart sandboxes = new SandboxPart(server, settings, progress);
            if (settings.wants("create")) {
                try (ServerUnderTest second =
                        ServerUnderTest.start(Files.createDirectory(folder.resolve("ready")), ServerVariant.REAL)) {
                    report.add(sandboxes.create(second));
                }
            }
            if (settings.wants("exec")) {
                sandboxes.exec().forEach(report::add);
            }
            if (settings.wants("streams")) {
                report.add(sandboxes.streams());
            }
            if (settings.wants("expiry")) {
                report.add(new ExpiryPart(server, settings, progress).run());
            }
            if (settings.wants("gateway")) {
                new GatewayPart(server, settings, progress).run(folder).forEach(report::add);
            }
        }
    }

    private static void simulated(Path folder, ServerBenchSettings settings, Report report, Consumer<String> progress)
            throws Exception {
        if (settings.wants("control")) {
            try (Postgres postgres = Postgres.start(folder.resolve("postgres"), Postgres.Commits.DURABLE);
                    ServerUnderTest sqlite = empty(folder, "sqlite", UnaryOperator.identity());
                    ServerUnderTest shared = empty(folder, "postgresql", variant -> variant.on(postgres))) {
                Map<String, ServerUnderTest> servers = new LinkedHashMap<>();
                servers.put("SQLite", sqlite);
                servers.put("PostgreSQL", shared);
                ControlPlanePart.creates(servers, settings, progress).forEach(report::add);
            }
            report.write(settings.output(), "server"); // What is to come takes minutes.
        }
        if (settings.wants("tenants")) {
            TenantsPart tenants = new TenantsPart(settings, progress);
            try (ServerUnderTest open = empty(folder, "open", UnaryOperator.identity());
                    ServerUnderTest limited = empty(folder, "limited", ServerVariant::withLimits)) {
                tenants.overhead(open, limited).forEach(report::add);
                report.add(tenants.neighbour(open));
            }
            report.write(settings.output(), "server");
        }
        if (settings.wants("list")) {
            progress.accept("planting " + settings.listed() + " sandboxes");
            Path seeded = Files.createDirectory(folder.resolve("seeded"));
            try (ServerUnderTest server = ServerUnderTest.start(seeded, ServerVariant.simulated(settings.listed()))) {
                report.add(new ControlPlanePart(server, settings, progress).lists());
            }
        }
    }

    private static ServerUnderTest empty(Path folder, String name, UnaryOperator<ServerVariant> variant)
            throws IOException, InterruptedException {
        return ServerUnderTest.start(
                Files.createDirectory(folder.resolve(name)), variant.apply(ServerVariant.simulated(0)));
    }
}
