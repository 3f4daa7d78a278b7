package dev.skerry.bench.judging;

import dev.skerry.bench.Machine;
import dev.skerry.bench.serving.ServerUnderTest;
import dev.skerry.bench.serving.ServerVariant;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Optional;

/** {@code skerry bench school}: a day of a coding school in ten minutes, against a server with pools. */
public final class SchoolBench {
    private static final String USAGE = """
        Usage: skerry bench school [--minutes N] [--programs N] [--seed N] [--output FOLDER]
        Plays the day of a coding school, with lessons and deadlines, against a server with pools.
          --minutes N      how long it takes (default: 10)
          --programs N     how many programs are sent (default: 6000)
          --seed N         the same seed gives the same day (default: 1)
          --output FOLDER  where school.json, school.md and school.svg go (default: docs/benchmarks)
        """;

    private SchoolBench() {}

    /** Exit code: 0; a wrong argument, and a day on which a program was lost, is a failure. */
    public static int run(List<String> arguments) throws Exception {
        Path output = Path.of("docs/benchmarks");
        int minutes = 10;
        int programs = 6000;
        long seed = 1;
        for (ListIterator<String> at = arguments.listIterator(); at.hasNext(); ) {
            String argument = at.next();
            switch (argument) {
                case "--minutes" -> minutes = number(at, argument);
                case "--programs" -> programs = number(at, argument);
                case "--seed" -> seed = number(at, argument);
                case "--output" -> output = Path.of(value(at, argument));
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return 0;
                }
                default ->
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "'" + argument + "' is not an argument of bench school",
                            "skerry bench school --help");
            }
        }
        Timetable timetable = Timetable.of(Duration.ofMinutes(minutes), programs, seed);
        Map<String, String> machine = Machine.facts();
        machine.put("seed", Long.toString(seed));
        Path scratch = Files.createTempDirectory("skerry-bench");
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwx--x--x"));
        try (ServerUnderTest server = ServerUnderTest.start(scratch, ServerVariant.REAL.withPools())) {
            DayLog log =
                    new SchoolDay(new Competitor("skerry", server.origin(), Optional.of(server.key()))).play(timetable);
            DayReport report = new DayReport(machine, log);
            report.write(output, "school");
            System.out.print(report.markdown());
        } finally {
            Machine.delete(scratch);
        }
        return 0;
    }

    private static String value(ListIterator<String> at, String argument) {
        if (!at.hasNext()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, argument + " needs a value", "skerry bench school --help");
        }
        return at.next();
    }

    private static int number(ListIterator<String> at, String argument) {
        String text = value(at, argument);
        if (!text.matches("[1-9][0-9]{0,6}")) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    argument + " is a whole number above zero, not '" + text + "'",
                    "skerry bench school --help");
        }
        return Integer.parseInt(text);
    }
}
