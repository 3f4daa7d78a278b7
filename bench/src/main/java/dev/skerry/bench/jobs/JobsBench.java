package dev.skerry.bench.jobs;

import dev.skerry.bench.Arguments;
import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Machine;
import dev.skerry.bench.Promise;
import dev.skerry.bench.Report;
import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.hosts.HostId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * {@code skerry bench jobs}: what jobs cost on this machine next to the same programs run bare, what pools cost, what
 * the control plane can, and how even it is. Each answer is checked.
 */
public final class JobsBench {
    private static final String PROGRAMS = "programs";
    private static final String MEMORY = "memory";
    private static final String CLAIMS = "claims";
    private static final String CLASS = "class";
    private static final List<String> PARTS = List.of(PROGRAMS, MEMORY, CLAIMS, CLASS);
    private static final String USAGE = """
        Usage: skerry bench jobs [--only PART]... [--rounds N] [--callers N,N…] [--launcher NAME] [--java]
                                 [--users N] [--data FOLDER] [--output FOLDER]
        Measures jobs, from the order to the answer, next to the same programs run bare, in turn; and their pools.
          --only PART      one of programs, memory (of what waits in pools), claims (a second, on a simulated host),
                           class (users that hand in at once)
          --rounds N       values of each program (default: 60); of memory three at most
          --callers N,N…   rates with so many callers at a time (default: 2,4)
          --launcher NAME  what starts sandboxes of level container: auto, own or crun (default: auto)
          --java           with Java, which takes longer
          --users N        of the class (default: 500)
          --data FOLDER    the data folder (default: $SKERRY_DATA, or /var/lib/skerry)
          --output FOLDER  where jobs.json, jobs.md and jobs.svg go (default: docs/benchmarks)
        """;

    private static final int WARM_UP = 10;
    private static final double PYTHON_MORE_MILLIS = 6;
    private static final double C_MORE_MILLIS = 8;

    private final Report report;
    private final Consumer<String> progress;

    private JobsBench(Report report, Consumer<String> progress) {
        this.report = report;
        this.progress = progress;
    }

    /** Exit code: 0; a wrong argument is a {@link dev.skerry.wire.Failure}. */
    public static int run(List<String> words) throws Exception {
        String environment = System.getenv("SKERRY_DATA");
        Path data = Path.of(environment == null || environment.isBlank() ? "/var/lib/skerry" : environment);
        Path output = Path.of("docs/benchmarks");
        Set<String> parts = new HashSet<>();
        int rounds = 60;
        int users = 500;
        List<Integer> callers = List.of(2, 4);
        Launcher launcher = Launcher.AUTO;
        List<SmallProgram> programs = new ArrayList<>(List.of(SmallProgram.PYTHON, SmallProgram.C));
        Arguments arguments = new Arguments("bench jobs", words);
        while (arguments.next()) {
            switch (arguments.name()) {
                case "--only" -> parts.add(arguments.oneOf(PARTS));
                case "--rounds" -> rounds = arguments.number();
                case "--callers" -> callers = callers(arguments);
                case "--launcher" -> launcher = Launcher.parse(arguments.value());
                case "--java" -> programs.add(SmallProgram.JAVA);
                case "--users" -> users = arguments.number();
                case "--data" -> data = arguments.path().toAbsolutePath();
                case "--output" -> output = arguments.path();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw arguments.unknown();
            }
        }
        Set<String> wanted = parts.isEmpty() ? Set.copyOf(PARTS) : parts;
        Report report = new Report(Machine.facts());
        JobsBench bench = new JobsBench(report, System.err::println);
        Path scratch = Machine.scratch();
        try {
            if (wanted.contains(PROGRAMS) || wanted.contains(MEMORY)) {
                EngineSettings settings = EngineSettings.installed(data).with(launcher);
                try (LocalAgent agent = LocalAgent.open(settings, new HostId("bench"))) {
                    if (wanted.contains(PROGRAMS)) {
                        bench.programs(agent, SmallProgram.here(programs), scratch.resolve("bare"), rounds, callers);
                    }
                    report.write(output, "jobs"); // What is to come takes minutes.
                    if (wanted.contains(MEMORY)) {
                        List<Isolation> levels = agent.facts().levels();
                        report.add(new PoolMemory(agent.jobs(), rounds, bench.progress).measure(levels));
                    }
                }
            }
            if (wanted.contains(CLAIMS)) {
                bench.claims(Files.createDirectory(scratch.resolve("claims")));
            }
            report.write(output, "jobs");
            if (wanted.contains(CLASS)) {
                bench.handInTogether(Files.createDirectory(scratch.resolve("class")), users);
            }
        } finally {
            Machine.delete(scratch);
        }
        report.write(output, "jobs");
        System.out.print(report.markdown());
        return 0;
    }

    private static List<Integer> callers(Arguments arguments) {
        String text = arguments.value();
        if (!text.matches("([1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*)?")) {
            throw arguments.wrong("'" + text + "' are no numbers of callers");
        }
        return Stream.of(text.split(",", -1))
                .filter(number -> !number.isEmpty())
                .map(Integer::valueOf)
                .toList();
    }

    private void programs(LocalAgent agent, List<SmallProgram> programs, Path folder, int rounds, List<Integer> callers)
            throws Exception {
        for (SmallProgram program : programs) {
            progress.accept(program.name());
            sequential(new JobCalls(agent.jobs(), program), program.command(folder), rounds);
        }
        if (!callers.isEmpty()) {
            SmallProgram program = SmallProgram.PYTHON;
            progress.accept(program.name() + ", several callers");
            Contest.Result rates = Rates.measure(new JobCalls(agent.jobs(), program), program.command(folder), callers);
            report.add(rates);
            if (callers.contains(4)) {
                report.add(Promise.atLeast(
                        program.name() + ", jobs, 4 callers",
                        "≥ 0.7 × four workers with bare processes",
                        0.7 * rates.sides().get(Rates.bare(4)).p50(),
                        rates.sides().get(Rates.job(4)).p50(),
                        "1/s"));
            }
        }
    }

    private void sequential(JobCalls jobs, String command, int rounds) throws Exception {
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
        Map<String, Distribution> sides = new LinkedHashMap<>();
        sides.put("bare process", new Distribution("ms", bare));
        sides.put("job, cold", new Distribution("ms", job));
        sides.put("of it until it had its sandbox", new Distribution("ms", waited));
        report.add(new Contest.Result(name, sides));
        if (!jobs.program().equals(SmallProgram.JAVA)) {
            double more = jobs.program().equals(SmallProgram.C) ? C_MORE_MILLIS : PYTHON_MORE_MILLIS;
            report.add(Promise.atMost(
                    name + ", job, cold, p50",
                    String.format("≤ bare process + %.0f ms", more),
                    sides.get("bare process").p50() + more,
                    sides.get("job, cold").p50(),
                    "ms"));
        }
    }

    private void claims(Path folder) throws Exception {
        List<Contest.Result> results = new ClaimsPart(folder, progress).measure();
        results.forEach(report::add);
        ClaimsPart.promises(results.getLast()).forEach(report::add);
    }

    private void handInTogether(Path folder, int users) throws Exception {
        ClassPart part = new ClassPart(folder, users, progress);
        Fairness fairness = part.measure();
        report.add(part.waits(fairness));
        report.add(part.indexes(fairness));
        report.add(part.promise(fairness));
    }
}
