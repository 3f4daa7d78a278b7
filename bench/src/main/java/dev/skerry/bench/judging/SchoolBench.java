package dev.skerry.bench.judging;

import dev.skerry.bench.Arguments;
import dev.skerry.bench.Machine;
import dev.skerry.bench.serving.PoolsKept;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** {@code skerry bench school}: a day of a coding school in ten minutes, against a server with pools. */
public final class SchoolBench {
    private static final int PROGRAMS_PER_MINUTE = 600;
    private static final String USAGE = """
        Usage: skerry bench school [--minutes N] [--programs N] [--seed N] [--output FOLDER]
        Plays the day of a coding school, with lessons and deadlines, against a server with pools.
          --minutes N      how long it takes (default: 10)
          --programs N     how many programs are sent (default: 600 a minute)
          --seed N         the same seed gives the same day (default: 1)
          --output FOLDER  where school.json, school.md and school.svg go (default: docs/benchmarks)
        Exit code 1: a program was not answered, or wrongly.
        """;

    private SchoolBench() {}

    /** Exit code: 0, or 1 when a program was not answered rightly; a wrong argument is a {@link Failure}. */
    public static int run(List<String> words) throws Exception {
        Path output = Path.of("docs/benchmarks");
        int minutes = 10;
        OptionalInt programs = OptionalInt.empty();
        long seed = 1;
        Arguments arguments = new Arguments("bench school", words);
        while (arguments.next()) {
            switch (arguments.name()) {
                case "--minutes" -> minutes = arguments.number();
                case "--programs" -> programs = OptionalInt.of(arguments.number());
                case "--seed" -> seed = arguments.number();
                case "--output" -> output = arguments.path();
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default -> throw arguments.unknown();
            }
        }
        Duration length = Duration.ofMinutes(minutes);
        Timetable timetable = Timetable.of(length, programs.orElse(PROGRAMS_PER_MINUTE * minutes), seed);
        Map<String, String> machine = Machine.facts();
        machine.put("seed", Long.toString(seed));
        machine.put("pools", PoolsKept.AS_ASKED.text());
        Path scratch = Machine.scratch();
        try (ServerUnderTest server = ServerUnderTest.start(scratch, ServerVariant.REAL.with(PoolsKept.AS_ASKED))) {
            System.err.println("a day of " + minutes + " min with "
                    + timetable.submissions().size() + " programs");
            DayLog log = new SchoolDay(Competitor.ours("skerry", server, PoolsKept.AS_ASKED)).play(timetable);
            DayReport report = new DayReport(machine, log, Timetable.deadlines(length));
            report.write(output, "school");
            System.out.print(report.markdown());
            log.failures().forEach(System.err::println);
            return log.failures().isEmpty() ? 0 : 1;
        } finally {
            Machine.delete(scratch);
        }
    }
}
