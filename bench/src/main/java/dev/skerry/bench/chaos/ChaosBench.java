package dev.skerry.bench.chaos;

import dev.skerry.bench.Arguments;
import dev.skerry.bench.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The commands of {@code skerry bench} that need two servers. Each starts its own and leaves nothing. */
public final class ChaosBench {
    public static final List<String> NAMES = List.of("chaos", "soak", "take-over");

    private static final String USAGE = """
        Usage: skerry bench chaos [--faults N] [--live N] [--seed N] [--output FOLDER]
               skerry bench soak [--seconds N] [--live N] [--seed N] [--output FOLDER]
               skerry bench take-over [--rounds N] [--output FOLDER]
        Two servers on one PostgreSQL of their own, with real sandboxes, while their parts are killed and stopped.
          chaos            faults of every kind: servers, shims, guestd, database, disk (default: 200, 25 live)
          soak             kills of clients, sandboxes and servers for a time (default: 600 s, 100 live)
          take-over        how long until the other server has the sandboxes (default: 20 rounds)
          --seed N         what is drawn; a report names the one that it was made with
          --output FOLDER  where NAME.json, NAME.md, NAME.svg and the journal go (default: docs/benchmarks/chaos)
        Exit code 1: something was lost, leaked or done twice.
        """;

    /** As {@code ./skerry serve} starts it. */
    private static final List<String> JVM = List.of(
            "-XX:+UseG1GC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Xss512k",
            "-XX:+DisplayVMOutputToStderr",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:-AOTAdapterCaching",
            "-XX:-AOTStubCaching",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "--enable-native-access=ALL-UNNAMED");

    /** For disks that 100 sandboxes may fill; the file is sparse. */
    private static final long VOLUME_BYTES = 16L << 30;

    private ChaosBench() {}

    /** Exit code: 0, or 1 when a promise was broken. */
    public static int run(String name, List<String> arguments) throws Exception {
        int faults = 200;
        int seconds = 600;
        int rounds = 20;
        Optional<Integer> live = Optional.empty();
        long seed = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        Path output = Path.of("docs/benchmarks/chaos");
        Path dist = Path.of(System.getProperty("skerry.dist", "."));
        Arguments all = new Arguments("bench " + name, arguments);
        while (all.next()) {
            switch (all.name()) {
                case "--faults" -> faults = all.number();
                case "--seconds" -> seconds = all.number();
                case "--rounds" -> rounds = all.number();
                case "--live" -> live = Optional.of(all.number());
                case "--seed" -> seed = all.number();
                case "--output" -> output = all.path();
                case "--dist" -> dist = all.path().toAbsolutePath();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw all.unknown();
            }
        }
        Files.createDirectories(output);
        List<String> program = program(dist);
        Consumer<String> progress = System.err::println;
        return switch (name) {
            case "chaos" -> chaos(ChaosSettings.chaos(seed, faults, live.orElse(25), output), program, progress);
            case "soak" ->
                chaos(
                        ChaosSettings.soak(seed, Duration.ofSeconds(seconds), live.orElse(100), output),
                        program,
                        progress);
            default -> takeOver(rounds, output, program, progress);
        };
    }

    private static int chaos(ChaosSettings settings, List<String> program, Consumer<String> progress) throws Exception {
        progress.accept("seed " + settings.seed());
        Map<String, String> machine = machine();
        ChaosRun.Outcome outcome;
        try (ServerPair pair = ServerPair.start(program, VOLUME_BYTES, Optional.empty())) {
            endWithUs(pair);
            outcome = new ChaosRun(settings, pair, progress).run();
            for (ServeProcess server : pair.servers()) {
                Path log = settings.output().resolve(settings.name() + "-server-" + server.name() + ".log");
                Files.writeString(log, server.said());
            }
        }
        outcome.journal().write(settings.output().resolve(settings.name() + ".journal.jsonl"));
        System.out.print(new ChaosReport(settings, outcome, machine).write());
        outcome.violations().forEach(violation -> progress.accept(violation.toString()));
        return outcome.violations().isEmpty() ? 0 : 1;
    }

    private static int takeOver(int rounds, Path output, List<String> program, Consumer<String> progress)
            throws Exception {
        Report report = new Report(machine());
        try (ServerPair pair = ServerPair.start(program)) {
            endWithUs(pair);
            report.add(new TakeOvers(pair, progress).run(rounds));
        }
        report.write(output, "take-over");
        System.out.print(report.markdown());
        return 0;
    }

    /** Nobody else would end the servers when this process is told to end. */
    private static void endWithUs(ServerPair pair) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                pair.close();
            } catch (IOException e) {
                System.err.println("something is left: " + e);
            }
        }));
    }

    /** As the launcher starts the program of a build; its AOT cache insists on the order of the class path. */
    private static List<String> program(Path dist) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM);
        Path cache = dist.resolve("serve.aot");
        if (Files.exists(cache)) {
            command.add("-XX:AOTCache=" + cache);
        }
        command.add("-Dskerry.dist=" + dist);
        try (Stream<Path> jars = Files.list(dist.resolve("lib"))) {
            String classPath = jars.map(Path::toString)
                    .filter(jar -> jar.endsWith(".jar"))
                    .sorted()
                    .collect(Collectors.joining(":"));
            command.addAll(List.of("-cp", classPath, "dev.skerry.cli.Main"));
        }
        return command;
    }

    private static Map<String, String> machine() throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "kernel",
                Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put(
                "load average before",
                Files.readString(Path.of("/proc/loadavg")).strip());
        facts.put("java", Runtime.version().toString());
        return facts;
    }
}
