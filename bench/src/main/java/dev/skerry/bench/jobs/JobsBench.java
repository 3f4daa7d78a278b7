package dev.skerry.bench.jobs;

import dev.skerry.bench.Distribution;
import dev.skerry.bench.Machine;
import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.hosts.HostId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ListIterator;
import java.util.Locale;
import java.util.stream.Stream;

/** {@code skerry bench jobs}: jobs on this machine next to the same programs run bare, in turn, each answer checked. */
public final class JobsBench {
    private static final String USAGE = """
        Usage: skerry bench jobs [--rounds N] [--callers N,N…] [--launcher NAME] [--java] [--data FOLDER]
        Measures jobs, from the order to the answer, next to the same programs run bare, in turn.
          --rounds N       values of each kind (default: 60)
          --callers N,N…   rates with so many callers at a time (default: 2,4)
          --launcher NAME  what starts sandboxes of level container: auto, own or crun (default: auto)
          --java           with Java, which takes longer
          --data FOLDER    the data folder (default: $SKERRY_DATA, or /var/lib/skerry)
        """;

    private static final int WARM_UP = 10;

    private JobsBench() {}

    /** Exit code: 0, or 2 after a wrong argument. */
    public static int run(List<String> arguments) throws Exception {
        String environment = System.getenv("SKERRY_DATA");
        Path data = Path.of(environment == null || environment.isBlank() ? "/var/lib/skerry" : environment);
        int rounds = 60;
        List<Integer> callers = List.of(2, 4);
        Launcher launcher = Launcher.AUTO;
        List<Program> programs = new ArrayList<>(List.of(Program.PYTHON, Program.C));
        for (ListIterator<String> at = arguments.listIterator(); at.hasNext(); ) {
            String argument = at.next();
            switch (argument) {
                case "--rounds" -> rounds = Integer.parseInt(value(at, argument));
                case "--callers" ->
                    callers = Stream.of(value(at, argument).split(",", -1))
                            .filter(number -> !number.isEmpty())
                            .map(Integer::valueOf)
                            .toList();
                case "--launcher" -> launcher = Launcher.parse(value(at, argument));
                case "--java" -> programs.add(Program.JAVA);
                case "--data" -> data = Path.of(value(at, argument)).toAbsolutePath();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default ->
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "'" + argument + "' is not an argument of bench jobs",
                            "skerry bench jobs --help");
            }
        }
        Path folder = Files.createTempDirectory("skerry-bench-jobs");
        EngineSettings settings = EngineSettings.installed(data).with(launcher);
        try (LocalAgent agent = LocalAgent.open(settings, new HostId("bench"))) {
            System.out.println("| | n | p50 ms | p95 | p99 | over bare, p50 |\n|---|---|---|---|---|---|");
            for (Program program : programs) {
                sequential(new JobCalls(agent.jobs(), program), program.command(folder), rounds);
            }
            System.out.println("\n| callers | | n | per second | of bare |\n|---|---|---|---|---|");
            for (int count : callers) {
                Rates.measure(new JobCalls(agent.jobs(), Program.PYTHON), Program.PYTHON.command(folder), count);
            }
        } finally {
            Machine.delete(folder);
        }
        return 0;
    }

    private static String value(ListIterator<String> at, String argument) {
        if (!at.hasNext()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, argument + " needs a value", "skerry bench jobs --help");
        }
        return at.next();
    }

    private static void sequential(JobCalls jobs, String command, int rounds) throws Exception {
        List<Double> bare = new ArrayList<>();
        List<Double> job = new ArrayList<>();
        List<Double> waited = new ArrayList<>();
        try (BareShell shell = new BareShell()) {
            for (int i = -WARM_UP; i < rounds; i++) {
                double alone = shell.run(command, jobs.program().prints());
                JobCalls.Call call = jobs.run();
                if (i >= 0) {
                    bare.add(alone);
                    job.add(call.millis());
                    waited.add(call.waitedMillis());
                }
            }
        }
        String name = jobs.program().name();
        Distribution lower = new Distribution("ms", bare);
        row(name + ", bare", lower, lower);
        row(name + ", job", new Distribution("ms", job), lower);
        row("— until it had its sandbox", new Distribution("ms", waited), new Distribution("ms", List.of(0.0)));
    }

    private static void row(String name, Distribution values, Distribution lower) {
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %.1f | %.1f | %.1f | %+.1f |%n",
                name,
                values.n(),
                values.p50(),
                values.percentile(95),
                values.percentile(99),
                values.p50() - lower.p50());
    }
}
