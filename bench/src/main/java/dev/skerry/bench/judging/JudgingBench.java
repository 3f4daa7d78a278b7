package dev.skerry.bench.judging;

import dev.skerry.bench.Machine;
import dev.skerry.bench.Report;
import dev.skerry.bench.jobs.Program;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code skerry bench piston}: short programs through Piston's API. Two servers of our own, one without pools and one
 * with them, and whatever else speaks that API, next to bare processes.
 */
public final class JudgingBench {
    private static final String USAGE = """
        Usage: skerry bench piston [--quick] [--against NAME=URL]... [--output FOLDER]
        Measures Python, C and Java programs through Piston's API, next to the same as bare processes.
          --quick             fewer values
          --against NAME=URL  another server with that API, up to where /api/v2 begins; it needs no key
          --output FOLDER     where piston.json, piston.md and piston.svg go (default: docs/benchmarks)
        """;

    private JudgingBench() {}

    /** Exit code: 0; a wrong argument is a {@link Failure}. */
    public static int run(List<String> arguments) throws Exception {
        Path output = Path.of("docs/benchmarks");
        boolean quick = false;
        Map<String, URI> others = new LinkedHashMap<>();
        for (ListIterator<String> at = arguments.listIterator(); at.hasNext(); ) {
            String argument = at.next();
            switch (argument) {
                case "--quick" -> quick = true;
                case "--against" -> other(value(at, argument), others);
                case "--output" -> output = Path.of(value(at, argument));
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default ->
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "'" + argument + "' is not an argument of bench piston",
                            "skerry bench piston --help");
            }
        }
        JudgingSettings settings = JudgingSettings.usual(quick);
        System.out.print(measure(settings, others, output, System.err::println));
        return 0;
    }

    private static String value(ListIterator<String> at, String argument) {
        if (!at.hasNext()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, argument + " needs a value", "skerry bench piston --help");
        }
        return at.next();
    }

    private static void other(String text, Map<String, URI> others) {
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
        Report report = new Report(Machine.facts());
        Path scratch = Files.createTempDirectory("skerry-bench");
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwx--x--x"));
        try {
            progress.accept("starting two servers");
            Path bare = Files.createDirectory(scratch.resolve("bare"));
            try (ServerUnderTest cold =
                            ServerUnderTest.start(Files.createDirectory(scratch.resolve("cold")), ServerVariant.REAL);
                    ServerUnderTest pools = ServerUnderTest.start(
                            Files.createDirectory(scratch.resolve("pools")), ServerVariant.REAL.withPools())) {
                List<Competitor> all = new ArrayList<>();
                all.add(new Competitor("skerry, cold", cold.origin(), Optional.of(cold.key())));
                all.add(new Competitor("skerry, with pools", pools.origin(), Optional.of(pools.key())));
                others.forEach((name, url) -> all.add(new Competitor(name, url, Optional.empty())));
                JudgingContests contests = new JudgingContests(settings, all, bare, progress);
                for (Program program : Program.ALL) {
                    report.add(contests.oneAfterTheOther(program));
                    contests.atATime(program).forEach(report::add);
                    report.write(output, "piston"); // What is to come takes minutes.
                }
                report.add(contests.burst(all.getFirst(), Program.PYTHON));
            }
        } finally {
            Machine.delete(scratch);
        }
        report.write(output, "piston");
        return report.markdown();
    }
}
