package dev.skerry.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code skerry bench}: hands its arguments to the benchmark harness. */
@Command(name = "bench", description = "Measures this machine, next to what is possible on it without Skerry.")
final class BenchCommand implements Callable<Integer> {
    private static final String HARNESS = "dev.skerry.bench.Bench";

    /** The harness has options of its own. */
    @Unmatched
    private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        return Extension.run(HARNESS, arguments);
    }
}
