package dev.skerry.bench;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.Limits;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
     * KiB of the machine's MemAvailable that each of {@code count} idle sandboxes takes, page cache dropped before and
     * after.
     */
    Distribution idle(int count) throws Exception {
        dropCaches();
        long before = available();
        List<Sandbox> sandboxes = start(count);
        try {
            dropCaches();
            return new Distribution("KiB", new double[] {(before - available()) / (double) count});
        } finally {
            end(sandboxes);
        }
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

    private static long available() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static void dropCaches() throws IOException {
        System.gc();
        Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
    }
}
