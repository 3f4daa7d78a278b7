package dev.skerry.bench;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Measurements of many sandboxes at a time: memory of idle ones, and how many a second can be made. */
final class Load {
    private static final int STARTERS = 4;
    private static final int IDLE_ROUNDS = 5;

    /** The kernel's memory moves by a megabyte on its own: fewer sandboxes than these do not stand out. */
    private static final int IDLE_SOME = 100;

    /** So many sandboxes are measured once: the machine's noise is small next to them. */
    private static final int IDLE_MANY = 100;

    private final Engine engine;
    private final Isolation level;

    Load(Engine engine, Isolation level) {
        this.engine = engine;
        this.level = level;
    }

    private SandboxSpec spec() {
        return SandboxSpec.base(level, Limits.DEFAULT.withMemoryBytes(64L << 20).withoutWallTime());
    }

    /**
     * KiB of each of {@code count} idle sandboxes: what its cgroup is charged with, and all of it: the kernel's memory
     * on the whole machine, and the own memory of its two processes. MemAvailable would be simpler, but moves by a
     * hundred megabytes on its own.
     */
    Map<String, Distribution> idle(int count) throws Exception {
        int rounds = count > IDLE_MANY ? 1 : IDLE_ROUNDS;
        double[] all = new double[rounds];
        double[] charged = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            long before = ProcessMemory.settledKernelKib();
            List<Sandbox> sandboxes = start(count);
            try {
                long own = 0;
                long group = 0;
                for (Sandbox sandbox : sandboxes) {
                    own += ProcessMemory.ownKib(sandbox.guestPid())
                            + ProcessMemory.ownKib(ProcessMemory.parent(sandbox.guestPid()));
                    group += sandbox.usage().memoryBytes() >> 10;
                }
                all[round] = (ProcessMemory.settledKernelKib() - before + own) / (double) count;
                charged[round] = group / (double) count;
            } finally {
                end(sandboxes);
            }
        }
        String name = level.label() + ", " + count + " idle: ";
        Map<String, Distribution> result = new LinkedHashMap<>();
        if (count >= IDLE_SOME) {
            result.put(name + "all, on the whole machine", new Distribution("KiB", all));
        }
        result.put(name + "charged to its cgroup", new Distribution("KiB", charged));
        return result;
    }

    private List<Sandbox> start(int count) throws Exception {
        List<Sandbox> started = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(STARTERS)) {
            List<Future<Sandbox>> futures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                futures.add(threads.submit(() -> engine.create(spec())));
            }
            for (Future<Sandbox> future : futures) {
                started.add(future.get());
            }
        }
        return started;
    }

    private static void end(List<Sandbox> sandboxes) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(STARTERS)) {
            sandboxes.forEach(sandbox -> threads.execute(sandbox::destroy));
        }
    }

    /** Sandboxes a second, each created, used for one {@code true} and destroyed, by each number of callers in turn. */
    Map<String, Distribution> rates(List<Integer> callers, int perCaller, int rounds) throws Exception {
        Map<String, double[]> values = new LinkedHashMap<>();
        callers.forEach(count -> values.put(name(count), new double[rounds]));
        for (int round = 0; round < rounds; round++) {
            for (int count : callers) {
                values.get(name(count))[round] = rate(count, perCaller);
            }
        }
        Map<String, Distribution> result = new LinkedHashMap<>();
        values.forEach((name, rates) -> result.put(name, new Distribution("1/s", rates)));
        return result;
    }

    private String name(int callers) {
        return level.label() + " (" + engine.drivers().at(level).runtime() + "), callers: " + callers;
    }

    private double rate(int callers, int perCaller) throws Exception {
        long start = System.nanoTime();
        try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
            List<Future<?>> futures = new ArrayList<>();
            for (int caller = 0; caller < callers; caller++) {
                futures.add(threads.submit(() -> {
                    for (int i = 0; i < perCaller; i++) {
                        try (Sandbox sandbox = engine.create(spec())) {
                            Scenarios.run(sandbox, List.of("/bin/true"));
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        }
        return callers * perCaller / ((System.nanoTime() - start) / 1e9);
    }
}
