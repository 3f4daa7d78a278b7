package dev.skerry.bench;

import dev.skerry.bench.chaos.ChaosBench;
import dev.skerry.bench.jobs.JobsBench;
import dev.skerry.bench.judging.JudgingBench;
import dev.skerry.bench.judging.SchoolBench;
import dev.skerry.bench.serving.ServerBench;
import dev.skerry.host.drivers.RuntimeProgram;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.wire.Launcher;
import java.nio.file.Path;
import java.util.List;

/** {@code skerry bench}: the command line of the benchmark. */
public final class Bench {
    private static final String USAGE = """
        Usage: skerry bench [--quick] [--launcher NAME] [--data FOLDER] [--output FOLDER]
               skerry bench server --help
               skerry bench piston --help
               skerry bench school --help
               skerry bench jobs --help
               skerry bench chaos --help
        Measures this machine: sandboxes next to bare processes, bwrap and crun, in one interleaved run.
          --quick          fewer values, and no more than 100 idle sandboxes
          --launcher NAME  what starts sandboxes of level container: auto, own or crun (default: auto)
          --data FOLDER    the data folder (default: $SKERRY_DATA, or /var/lib/skerry)
          --output FOLDER  where engine.json, engine.md and engine.svg go (default: docs/benchmarks)
        """;

    private Bench() {}

    /** Exit code: 0, or 2 after a wrong argument. */
    public static int run(List<String> arguments) throws Exception {
        if (!arguments.isEmpty()) {
            String first = arguments.getFirst();
            List<String> rest = arguments.subList(1, arguments.size());
            if (ChaosBench.NAMES.contains(first)) {
                return ChaosBench.run(first, rest);
            }
            switch (first) {
                case "server" -> {
                    return ServerBench.run(rest);
                }
                case "jobs" -> {
                    return JobsBench.run(rest);
                }
                case "piston" -> {
                    return JudgingBench.run(rest);
                }
                case "school" -> {
                    return SchoolBench.run(rest);
                }
                default -> {}
            }
        }
        String environment = System.getenv("SKERRY_DATA");
        Path data = Path.of(environment == null || environment.isBlank() ? "/var/lib/skerry" : environment);
        Path output = Path.of("docs/benchmarks");
        boolean quick = false;
        Launcher launcher = Launcher.AUTO;
        Arguments all = new Arguments("bench", arguments);
        while (all.next()) {
            switch (all.name()) {
                case "--quick" -> quick = true;
                case "--launcher" -> launcher = Launcher.parse(all.value());
                case "--data" -> data = all.path().toAbsolutePath();
                case "--output" -> output = all.path();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw all.unknown();
            }
        }
        try (Engine engine = Engine.open(EngineSettings.installed(data).with(launcher))) {
            System.out.print(Benchmark.run(engine, settings(quick, output), System.err::println));
        }
        return 0;
    }

    private static BenchSettings settings(boolean quick, Path output) {
        var crun = RuntimeProgram.find("crun").map(RuntimeProgram::path);
        return quick
                ? new BenchSettings(10, 20, List.of(1, 100), List.of(1, 4), crun, output)
                : new BenchSettings(30, 100, List.of(1, 100, 1000), List.of(1, 2, 4, 8), crun, output);
    }
}
