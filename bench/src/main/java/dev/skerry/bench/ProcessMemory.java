package dev.skerry.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;

/** Memory as procfs tells it, in KiB: proc_meminfo(5), proc_pid_smaps(5), proc_pid_status(5). */
final class ProcessMemory {
    private static final Set<String> KERNEL = Set.of("Slab", "KernelStack", "PageTables", "Percpu");
    private static final Pattern ROW = Pattern.compile("(\\w+):\\s+(\\d+)(?: kB)?");

    private ProcessMemory() {}

    /** Of the whole machine: what kernel objects, stacks, page tables and per-CPU areas take. */
    static long kernelKib() throws IOException {
        return sum(Path.of("/proc/meminfo"), KERNEL);
    }

    /** A process's part of its memory: what it shares counts for as much as there are sharers. */
    static long ownKib(long pid) throws IOException {
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
