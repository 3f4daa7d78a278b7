package dev.skerry.bench.jobs;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.ProcessMemory;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Memory that a sandbox takes while it waits in a pool: what the kernel of the whole machine took more while the pool
 * was filled, and the own memory of the processes of its sandboxes, shims included. What others do to the kernel's
 * memory meanwhile adds to it.
 */
final class PoolMemory {
    private static final int ROUNDS_MOST = 3;
    private static final int CONTAINERS = 16;
    private static final int OTHERS = 4;
    private static final long SANDBOX_BYTES = 256L << 20;
    private static final long IDLE_BYTES = 1L << 40;
    private static final Duration FILLING_BOUND = Duration.ofMinutes(2);
    private static final List<Optional<String>> WAITING =
            List.of(Optional.empty(), Optional.of("python"), Optional.of("javascript"), Optional.of("java"));

    private final JobHost host;
    private final int rounds;
    private final Consumer<String> progress;

    PoolMemory(JobHost host, int rounds, Consumer<String> progress) {
        this.rounds = Math.min(rounds, ROUNDS_MOST);
        this.host = host;
        this.progress = progress;
    }

    Contest.Result measure(List<Isolation> levels) throws IOException, InterruptedException {
        Set<String> languages = host.runtimes().stream()
                .filter(runtime -> runtime.template().equals("base"))
                .map(runtime -> runtime.language())
                .collect(Collectors.toSet());
        Map<String, Distribution> sides = new LinkedHashMap<>();
        for (Isolation level : levels) {
            for (Optional<String> language : WAITING) {
                // Of those that wait in a user-space kernel Python's is enough.
                boolean wanted = level == Isolation.CONTAINER
                        || language.map("python"::equals).orElse(true);
                if (wanted && language.map(languages::contains).orElse(true)) {
                    int count = level == Isolation.CONTAINER && language.isEmpty() ? CONTAINERS : OTHERS;
                    String name = level.label() + ", "
                            + language.map(one -> one + " waits in it").orElse("nothing started") + ", " + count
                            + " in the pool";
                    progress.accept("memory: " + name);
                    sides.put(name, each(level, language, count));
                }
            }
        }
        return new Contest.Result("memory of one sandbox that waits in a pool", sides);
    }

    private Distribution each(Isolation level, Optional<String> language, int count)
            throws IOException, InterruptedException {
        List<Double> values = new ArrayList<>();
        // The first makes what all share.
        for (int round = -1; round < rounds; round++) {
            long before = ProcessMemory.settledKernelKib();
            Set<Long> known = processes();
            host.plan(List.of(new PoolPlan(
                    "base",
                    level,
                    language,
                    SANDBOX_BYTES,
                    count,
                    count,
                    0.5,
                    IDLE_BYTES,
                    PoolPlan.Miss.COLD,
                    Duration.ZERO)));
            awaitFull(count);
            long kernel = ProcessMemory.settledKernelKib() - before;
            Set<Long> came = processes();
            came.removeAll(known);
            double kib = kernel;
            for (long pid : came) {
                kib += own(pid);
            }
            host.plan(List.of());
            awaitGone(came);
            if (round >= 0) {
                values.add(kib / count);
            }
        }
        return new Distribution("KiB", values);
    }

    /** Below this one: every shim is the spawner's child, and the spawner ours. */
    private static Set<Long> processes() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    /** 0 of one that has ended. */
    private static long own(long pid) {
        try {
            return ProcessMemory.ownKib(pid);
        } catch (IOException e) {
            return 0;
        }
    }

    private void awaitFull(int count) throws InterruptedException {
        long end = System.nanoTime() + FILLING_BOUND.toNanos();
        PoolState state = host.pools().getFirst();
        while (state.ready() < count || state.starting() > 0) {
            if (System.nanoTime() > end || state.failures() > 0) {
                throw new IllegalStateException("a pool is not filled: " + state);
            }
            TimeUnit.MILLISECONDS.sleep(20);
            state = host.pools().getFirst();
        }
    }

    /** They end with the pool. */
    private static void awaitGone(Set<Long> pids) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (System.nanoTime() < end
                && pids.stream().anyMatch(pid -> ProcessHandle.of(pid).isPresent())) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }
}
