package dev.skerry.bench.judging;

import dev.skerry.bench.Arguments;
import dev.skerry.bench.Contest;
import dev.skerry.bench.Machine;
import dev.skerry.bench.Report;
import dev.skerry.bench.jobs.ReadyPools;
import dev.skerry.bench.jobs.SmallProgram;
import dev.skerry.bench.serving.PoolsKept;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * {@code skerry bench piston}: short programs through Piston's API. Servers of our own without pools, with filled pools
 * and with pools in which there never is one, and whatever else speaks that API, next to bare processes.
 */
public final class JudgingBench {
    private static final String USAGE = """
        Usage: skerry bench piston [--quick] [--against NAME=URL]... [--output FOLDER]
        Measures Python, Node, C and Java programs through Piston's API, next to the same as bare processes.
          --quick             fewer values
          --against NAME=URL  another server with that API, up to where /api/v2 begins; it needs no key
          --output FOLDER     where piston.json, piston.md and piston.svg go (default: docs/benchmarks)
        """;

    private static final List<SmallProgram> ALL =
            List.of(SmallProgram.PYTHON, SmallProgram.NODE, SmallProgram.C, SmallProgram.JAVA);

    private JudgingBench() {}

    /** Exit code: 0; a wrong argument is a {@link Failure}. */
    public static int run(List<String> words) throws Exception {
        Path output = Path.of("docs/benchmarks");
        boolean quick = false;
        Map<String, URI> others = new LinkedHashMap<>();
        Arguments arguments = new Arguments("bench piston", words);
        while (arguments.next()) {
            switch (arguments.name()) {
                case "--quick" -> quick = true;
                case "--against" -> other(arguments.value(), others);
                case "--output" -> output = arguments.path();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw arguments.unknown();
            }
        }
        System.out.print(measure(JudgingSettings.usual(quick), others, output, System.err::println));
        return 0;
    }

    static void other(String text, Map<String, URI> others) {
        int equals = text.indexOf('=');
        if (equals < 1 || !text.substring(equals + 1).matches("http://[^/:]+:[0-9]+(/.*)?")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not NAME=URL",
                    "write it as in piston=http://127.0.0.1:2000");
        }
        others.put(text.substring(0, equals), URI.create(text.substring(equals + 1)));
    }

    private static String measure(
            JudgingSettings settings, Map<String, URI> others, Path output, Consumer<String> progress)
            throws Exception {
        Path scratch = Machine.scratch();
        try {
            progress.accept("starting three servers");
            Path bare = Files.createDirectory(scratch.resolve("bare"));
            try (ServerUnderTest cold = start(scratch, PoolsKept.NONE);
                    ServerUnderTest pools = start(scratch, PoolsKept.FILLED);
                    ServerUnderTest drained = start(scratch, PoolsKept.DRAINED)) {
                Competitor first = Competitor.ours("skerry without pools", cold, PoolsKept.NONE);
                Competitor second = Competitor.ours("skerry with pools", pools, PoolsKept.FILLED);
                List<Competitor> foreign = new ArrayList<>();
                for (Map.Entry<String, URI> each : others.entrySet()) {
                    foreign.add(Competitor.other(each.getKey(), each.getValue()));
                }
                List<Competitor> alone = new ArrayList<>(List.of(first, second));
                alone.add(Competitor.ours("skerry with drained pools", drained, PoolsKept.DRAINED));
                alone.addAll(foreign);
                List<Competitor> together = new ArrayList<>(List.of(first, second));
                together.addAll(foreign);
                Report report = new Report(facts(foreign));
                JudgingContests.Still still = () -> {
                    if (!ReadyPools.await(pools)) {
                        progress.accept("pools are still being filled: this machine is busy");
                    }
                };
                JudgingContests one = new JudgingContests(settings, alone, bare, still, progress);
                JudgingContests several = new JudgingContests(settings, together, bare, still, progress);
                JudgingPromises promises = new JudgingPromises(first, second);
                one.warmUp(SmallProgram.PYTHON);
                for (SmallProgram program : SmallProgram.here(ALL)) {
                    Contest.Result result = one.oneAfterTheOther(program);
                    report.add(result);
                    promises.one(program, result).forEach(report::add);
                    report.write(output, "piston"); // What is to come takes minutes.
                }
                Contest.Result burst = several.burst(SmallProgram.PYTHON, together);
                report.add(burst);
                promises.burst(burst).forEach(report::add);
                for (SmallProgram program : SmallProgram.here(SmallProgram.JUDGED)) {
                    List<Contest.Result> results = several.atATime(program);
                    results.forEach(report::add);
                    promises.rates(program, results.getLast()).forEach(report::add);
                    report.write(output, "piston");
                }
                return report.markdown();
            }
        } finally {
            Machine.delete(scratch);
        }
    }

    private static ServerUnderTest start(Path scratch, PoolsKept pools) throws IOException, InterruptedException {
        return ServerUnderTest.start(
                Files.createDirectory(scratch.resolve("server-" + pools)), ServerVariant.REAL.with(pools));
    }

    private static Map<String, String> facts(List<Competitor> others) throws IOException {
        Map<String, String> facts = Machine.facts();
        for (Competitor other : others) {
            String missing = ALL.stream()
                    .filter(program -> !other.has(program))
                    .map(SmallProgram::language)
                    .collect(Collectors.joining(", "));
            facts.put(other.name(), other.origin() + (missing.isEmpty() ? "" : ", which has no " + missing));
        }
        return facts;
    }
}
