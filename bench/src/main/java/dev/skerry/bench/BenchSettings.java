package dev.skerry.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a run of the benchmark does.
 *
 * @param rounds values of each side of a contest of single sandboxes
 * @param idleCounts how many sandboxes are kept idle for the measurement of memory
 * @param callers numbers of threads that create at the same time
 * @param crun the lower bound {@code bare crun run}, where there is one
 */
public record BenchSettings(
        int warmups, int rounds, List<Integer> idleCounts, List<Integer> callers, Optional<Path> crun, Path output) {
    public BenchSettings {
        idleCounts = List.copyOf(idleCounts);
        callers = List.copyOf(callers);
    }
}
