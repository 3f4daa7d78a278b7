package dev.skerry.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Memory as procfs tells it, in KiB: proc_meminfo(5), proc_pid_smaps(5), proc_pid_status(5). */
public final class ProcessMemory {
    private static final Set<String> KERNEL = Set.of("Slab", "KernelStack", "PageTables", "Percpu");
    private static final Pattern ROW = Pattern.compile("(\\w+):\\s+(\\d+)(?: kB)?");

    private static final Duration SETTLE_BOUND = Duration.ofSeconds(15);
    private static final Duration SAMPLE_PAUSE = Duration.ofMillis(250);
    private static final int QUIET_SAMPLES = 8;
    private static final int QUIET_KIB = 512;

    private ProcessMemory() {}

    /** Of the whole machine: what kernel objects, stacks, page tables and per-CPU areas take. */
    static long kernelKib() throws IOException {
        return sum(Path.of("/proc/meminfo"), KERNEL);
    }

    /**
     * The same without caches, once it has come to rest: what a sandbox had is given back a while after its end. Drops
     * the machine's caches.
     */
    public static long settledKernelKib() throws IOException, InterruptedException {
        long end = System.nanoTime() + SETTLE_BOUND.toNanos();
        long lowest = Long.MAX_VALUE;
        for (int quiet = 0; quiet < QUIET_SAMPLES && System.nanoTime() < end; quiet++) {
            Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
            TimeUnit.NANOSECONDS.sleep(SAMPLE_PAUSE.toNanos());
            long now = kernelKib();
            if (now < lowest - QUIET_KIB) {
                lowest = now;
                quiet = 0;
            }
        }
        return kernelKib();
    }

    /** A process's part of its memory: what it shares counts for as much as there are sharers. */
    public static long ownKib(long pid) throws IOException {
        return sum(Path.of("/proc/" + pid + "/smaps_rollup"), Set.of("Pss"));
    }

    static long parent(long pid) throws IOException {
        return sum(Path.of("/proc/" + pid + "/status"), Set.of("PPid"));
    }

    private static long sum(Path file, Set<String> rows) throws IOException {
        return Files.readAllLines(file).stream()
                .map(ROW::matcher)
                .filter(row -> row.matches() && rows.contains(row.group(1)))
                .mapToLong(row -> Long.parseLong(row.group(2)))
                .sum();
    }
}
