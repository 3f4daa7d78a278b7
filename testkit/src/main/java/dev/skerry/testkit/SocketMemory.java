package dev.skerry.testkit;

import dev.skerry.host.engine.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Memory that is nobody's heap: bytes that wait in sockets. TCP and UDP have an account of their own on cgroup v1,
 * which is kept only where it has a limit; netlink has none anywhere.
 */
final class SocketMemory {
    private static final Path SOCKETS = Path.of("/proc/net/sockstat");
    private static final Pattern PAGES = Pattern.compile("(?m)^TCP: .* mem (\\d+)$");
    private static final long PAGE_BYTES = 4096;
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Pattern KERNEL = Pattern.compile("(?m)^(?:SUnreclaim|VmallocUsed): +(\\d+) kB$");

    private SocketMemory() {}

    static void attack(Arena arena, long limitBytes) throws Exception {
        Sandbox sandbox = arena.sandbox(limits -> limits.withMemoryBytes(limitBytes));
        long queued = sum(SOCKETS, PAGES, PAGE_BYTES);
        long objects = sum(MEMORY, KERNEL, 1024);
        boolean holds = arena.tries(sandbox, "user", "sockets.py");
        queued = sum(SOCKETS, PAGES, PAGE_BYTES) - queued;
        objects = sum(MEMORY, KERNEL, 1024) - objects;
        // Who was killed holds nothing any more. Others on this machine make objects too, so there is room for them.
        ClaimBroken.unless(!holds || queued <= limitBytes, "sockets hold " + queued + " bytes");
        ClaimBroken.unless(!holds || objects <= 2 * limitBytes, "the kernel's objects took " + objects + " bytes");
        sandbox.destroy();
    }

    /** Of the whole machine. */
    private static long sum(Path file, Pattern rows, long unit) throws IOException {
        long found = rows.matcher(Files.readString(file))
                .results()
                .mapToLong(row -> Long.parseLong(row.group(1)))
                .sum();
        return found * unit;
    }
}
