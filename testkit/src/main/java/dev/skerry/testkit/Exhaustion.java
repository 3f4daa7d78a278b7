package dev.skerry.testkit;

import static java.nio.file.FileVisitResult.CONTINUE;
import static java.nio.file.FileVisitResult.SKIP_SUBTREE;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.testkit.Arena.Outcome;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Attacks that take all of something: tasks, memory, CPU, disk, output, descriptors, kernel counters. */
final class Exhaustion {
    private static final int NEIGHBOUR_SLOWDOWN_MAX = 10;
    private static final long MIB = 1 << 20;
    /** Of the host's process for one output: a window of 256 KiB, and whatever else a JVM does meanwhile. */
    private static final long HEAP_GROWTH_MAX = 4 * MIB;

    private static final long RESIDENT_GROWTH_MAX = 32 * MIB;
    private static final Duration STILL = Duration.ofMillis(500);
    private static final Duration FLOOD_BOUND = Duration.ofSeconds(5);

    /** Does not burn out: a shell that cannot fork any more gives up. */
    private static final String FORK_BOMB = """
            import os
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
            """;

    private Exhaustion() {}

    static void forkBomb(Arena arena) throws Exception {
        Sandbox neighbour = arena.sandbox(limits -> limits.withCpuMillis(1000));
        double idle = execMillis(neighbour);
        Sandbox bombed = arena.sandbox(limits -> limits.withProcesses(64).withCpuMillis(500));
        bombed.guest().exec(ExecRequest.of("/usr/bin/python3", "-c", FORK_BOMB).droppingOutput());
        if (arena.has(Driver.Feature.EXACT_PROCESS_LIMIT)) {
            await("tasks near the limit", () -> bombed.usage().processes() >= 56);
            int most = mostTasks(bombed);
            ClaimBroken.unless(most <= 64, "more tasks than allowed: " + most);
        }
        double attacked = execMillis(neighbour);
        for (int i = 0; i < 4 && attacked > NEIGHBOUR_SLOWDOWN_MAX * idle; i++) {
            // Whether that is the bomb's doing shows while it stands still: the host may just be busy with others.
            bombed.pause();
            idle = execMillis(neighbour);
            bombed.resume();
            attacked = execMillis(neighbour);
        }
        ClaimBroken.unless(
                attacked <= NEIGHBOUR_SLOWDOWN_MAX * idle,
                "the neighbour's exec takes " + attacked + " ms instead of " + idle);
        if (arena.has(Driver.Feature.SURVIVES_FORK_BOMB)) {
            ClaimBroken.unless(bombed.guest().ping(Arena.BOUND).isPositive(), "guestd does not answer");
        }
        bombed.destroy();
    }

    /** In the next second. */
    private static int mostTasks(Sandbox sandbox) {
        long start = System.nanoTime();
        int most = 0;
        while (System.nanoTime() - start < Duration.ofSeconds(1).toNanos()) {
            most = Math.max(most, sandbox.usage().processes());
        }
        return most;
    }

    private static double execMillis(Sandbox sandbox) throws Exception {
        List<Double> times = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            long start = System.nanoTime();
            Arena.run(sandbox, ExecRequest.of("/bin/true"));
            times.add((System.nanoTime() - start) / 1e6);
        }
        Collections.sort(times);
        return times.get(times.size() / 2);
    }

    static void memory(Arena arena) throws Exception {
        for (String bomb : List.of(
                "x = []\nwhile True: x.append(bytearray(1 << 20))",
                "f = open('/dev/shm/x', 'wb'); g = open('/tmp/x', 'wb')\n"
                        + "while True: f.write(bytes(1 << 18)) if f.tell() < 60 << 20"
                        + " else g.write(bytes(1 << 18))",
                "import mmap\nk = []\n"
                        + "while True:\n m = mmap.mmap(-1, 1 << 20, mmap.MAP_SHARED); m.write(bytes(1 << 20));"
                        + " k.append(m)")) {
            Sandbox sandbox =
                    arena.sandbox(limits -> limits.withMemoryBytes(96 * MIB).withDisk(512 * MIB, 1000));
            long killsBefore = sandbox.usage().outOfMemoryKills();
            try {
                Outcome outcome = Arena.run(
                        sandbox, ExecRequest.of("/usr/bin/python3", "-c", bomb).as("user"));
                ClaimBroken.unless(
                        outcome.exit().signal() == 9, "the bomb ended with " + outcome.exit() + outcome.stderr());
                ClaimBroken.unless(sandbox.guest().ping(Arena.BOUND).isPositive(), "guestd does not answer");
            } catch (Failure e) {
                // A user-space kernel is one process for the host: it may go as a whole, and then the end has to say
                // why.
                SandboxEnd end = sandbox.awaitEnd(Arena.BOUND).orElseThrow();
                ClaimBroken.unless(
                        !arena.has(Driver.Feature.SURVIVES_MEMORY_BOMB)
                                && end.cause() == SandboxEnd.Cause.OUT_OF_MEMORY,
                        "the sandbox ended: " + end);
            }
            ClaimBroken.unless(sandbox.usage().outOfMemoryKills() > killsBefore, "no out-of-memory kill was counted");
            ClaimBroken.unless(
                    sandbox.usage().memoryPeakBytes() <= 97 * MIB,
                    "used " + sandbox.usage().memoryPeakBytes());
            sandbox.destroy();
        }
        SocketMemory.attack(arena, 96 * MIB);
    }

    /** A quota so small that a busy machine, too, would give more to who had none. */
    static void cpu(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox(limits -> limits.withCpuMillis(150));
        sandbox.guest().exec(ExecRequest.of("/bin/sh", "-c", "(while :; do :; done) & while :; do :; done"));
        await("some CPU time", () -> sandbox.usage().cpuTime().toMillis() > 100);
        long start = System.nanoTime();
        Duration before = sandbox.usage().cpuTime();
        await(
                "two seconds",
                () -> System.nanoTime() - start > Duration.ofSeconds(2).toNanos());
        double share = (double) sandbox.usage().cpuTime().minus(before).toNanos() / (System.nanoTime() - start);
        ClaimBroken.unless(share < 0.2, "used " + share + " of a CPU instead of 0.15");
        sandbox.destroy();

        Sandbox limited = arena.sandbox(limits -> limits.withCpuTime(Duration.ofMillis(800)));
        limited.guest().exec(ExecRequest.of("/bin/sh", "-c", "while :; do :; done"));
        SandboxEnd end = limited.awaitEnd(Arena.BOUND).orElseThrow(() -> new ClaimBroken("CPU time is not limited"));
        ClaimBroken.unless(end.cause() == SandboxEnd.Cause.CPU_TIME, "ended by " + end);
    }

    static void disk(Arena arena) throws Exception {
        long before = keptBytes(arena.engine().dataFolder());
        Sandbox sandbox =
                arena.sandbox(limits -> limits.withMemoryBytes(256 * MIB).withDisk(32 * MIB, 2000));
        for (String folder : List.of("/tmp", "/home/user", "/var/tmp")) {
            long size = fill(sandbox, folder);
            ClaimBroken.unless(size <= 32 * MIB, folder + " took " + size + " bytes");
        }
        Outcome inodes = Arena.shell(
                sandbox,
                "user",
                "mkdir /tmp/n && cd /tmp/n && i=0; while true > f$i && [ $i -lt 4000 ]; do i=$((i+1)); done"
                        + " 2>/dev/null; ls | wc -l");
        int files = Integer.parseInt(inodes.stdout().strip());
        ClaimBroken.unless(files < 2000, "made " + files + " files");
        long kept = keptBytes(arena.engine().dataFolder()) - before;
        ClaimBroken.unless(kept < 24 * MIB, "the host's data folder grew by " + kept + " bytes");
    }

    /** Bytes that eight files of 16 MiB could have together, each below the limit on one file. */
    private static long fill(Sandbox sandbox, String folder) throws Exception {
        Outcome outcome = Arena.shell(
                sandbox,
                "user",
                "cd " + folder
                        + "; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=fill$i bs=1M count=16 2>/dev/null; done;"
                        + " cat fill* | wc -c; rm -f fill*");
        return Long.parseLong(outcome.stdout().strip());
    }

    /** In files of the data folder; without templates, which are links to the host's files. */
    private static long keptBytes(Path dataFolder) throws IOException {
        long[] bytes = {0};
        Files.walkFileTree(dataFolder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return folder.equals(dataFolder.resolve("layers")) ? SKIP_SUBTREE : CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                bytes[0] += attributes.size();
                return CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return CONTINUE; // it has gone
            }
        });
        return bytes[0];
    }

    static void output(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox(limits -> limits.withMemoryBytes(64 * MIB));
        long resident = settledResidentBytes();
        long heap = usedHeap();
        GuestProcess flood = sandbox.guest()
                .exec(ExecRequest.of(
                                "/usr/bin/python3",
                                "-c",
                                "import os\nb = bytes(range(256)) * 256 + b'\\x1b]0;x\\x07\\x1b[2J'\n"
                                        + "while True: os.write(1, b)")
                        .as("user"));
        InputStream output = arena.output(flood);
        // One that ends instead is found by whoever reads it.
        await("the flood has begun", () -> available(output) >= 200 << 10 || ended(flood));
        ClaimBroken.unless(standsStill(sandbox), "the flood goes on although nobody reads");
        bounded("unread", heap, resident);
        read(output, 256 * MIB);
        bounded("reading", heap, resident);
        ClaimBroken.unless(sandbox.guest().ping(Arena.BOUND).isPositive(), "guestd does not answer");
        ClaimBroken.unless(sandbox.usage().memoryPeakBytes() <= 65 * MIB, "the sandbox outgrew its memory");
        flood.signal(9, GuestProcess.Scope.GROUP);
    }

    private static void bounded(String when, long heapBefore, long residentBefore) throws IOException {
        long resident = residentBytes() - residentBefore; // first, since measuring the heap tidies up
        long heap = usedHeap() - heapBefore;
        ClaimBroken.unless(heap < HEAP_GROWTH_MAX, "the host's heap grew by " + heap + " bytes, " + when);
        ClaimBroken.unless(
                resident < RESIDENT_GROWTH_MAX, "the host's process grew by " + resident + " bytes, " + when);
    }

    private static void read(InputStream output, long bytes) throws IOException {
        byte[] chunk = new byte[1 << 16];
        for (long taken = 0; taken < bytes; ) {
            int got = output.read(chunk);
            ClaimBroken.unless(got > 0, "the flood ended");
            taken += got;
        }
    }

    /** Whether the sandbox soon uses next to no CPU for half a second. */
    private static boolean standsStill(Sandbox sandbox) {
        long until = System.nanoTime() + FLOOD_BOUND.toNanos();
        while (System.nanoTime() < until) {
            long start = System.nanoTime();
            Duration used = sandbox.usage().cpuTime();
            await("half a second", () -> System.nanoTime() - start > STILL.toNanos());
            if (sandbox.usage().cpuTime().minus(used).compareTo(STILL.dividedBy(50)) < 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean ended(GuestProcess process) {
        try {
            return process.await(Duration.ZERO).isPresent();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int available(InputStream output) {
        try {
            return output.available();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Without what the collector is about to give back, which takes it a moment. */
    private static long settledResidentBytes() throws IOException {
        long before;
        long now = Long.MAX_VALUE;
        do {
            System.gc();
            long start = System.nanoTime();
            await("the collector", () -> System.nanoTime() - start > STILL.toNanos());
            before = now;
            now = residentBytes();
        } while (now < before - MIB);
        return now;
    }

    /** Of this process, heap or not: proc_pid_status(5). */
    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    static void processLimits(Arena arena) throws Exception {
        Sandbox sandbox =
                arena.sandbox(limits -> limits.withMemoryBytes(256 * MIB).withDisk(64 * MIB, 1000));
        String script = """
                import os, resource
                n = 0
                try:
                    while n < 100000:
                        os.dup(0)
                        n += 1
                except OSError:
                    pass
                os.closerange(3, 100000)
                print(n)
                print(resource.getrlimit(resource.RLIMIT_CORE)[1])
                try:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 16, 1 << 16))
                    print("raised")
                except (ValueError, OSError):
                    print("kept", flush=True)
                try:
                    os.ftruncate(os.open("/tmp/x", 66), 1 << 40)  # takes no room, so only the limit is in the way
                    print("huge")
                except OSError:
                    print("refused")
                """;
        for (String user : List.of("user", "root")) {
            Outcome outcome = Arena.run(
                    sandbox, ExecRequest.of("/usr/bin/python3", "-c", script).as(user));
            List<String> lines = outcome.stdout().lines().toList();
            boolean signalled = outcome.exit().signal() == 25; // SIGXFSZ
            ClaimBroken.unless(lines.size() >= 3 && Integer.parseInt(lines.get(0)) < 4096, "open files: " + outcome);
            ClaimBroken.unless(lines.get(1).equals("0"), "core files: " + lines);
            ClaimBroken.unless(lines.get(2).equals("kept"), "raised its own limit: " + lines);
            ClaimBroken.unless(signalled || lines.get(3).equals("refused"), "a file of any size: " + lines);
        }
    }

    static void sharedMemory(Arena arena) throws Exception {
        Sandbox sandbox =
                arena.sandbox(limits -> limits.withMemoryBytes(256 * MIB).withDisk(32 * MIB, 1000));
        long before = sandbox.usage().memoryBytes();
        long size = fill(sandbox, "/dev/shm");
        ClaimBroken.unless(size <= 64 * MIB || !arena.has(Driver.Feature.SECCOMP_INSIDE), "/dev/shm took " + size);
        Arena.shell(sandbox, "user", "dd if=/dev/zero of=/dev/shm/x bs=1M count=16");
        ClaimBroken.unless(sandbox.usage().memoryBytes() - before > 8 * MIB, "/dev/shm is not charged");
        ClaimBroken.unless(fill(sandbox, "/tmp") <= 32 * MIB, "/tmp is not limited");
    }

    static void perUserCounts(Arena arena) throws Exception {
        Sandbox greedy = arena.sandbox();
        Sandbox neighbour = arena.sandbox();
        for (String user : List.of("root", "user")) {
            GuestProcess holder = arena.launch(greedy, user, "exhaust.py", List.of());
            try (var watch = FileSystems.getDefault().newWatchService()) {
                Path.of("/var/tmp").register(watch, java.nio.file.StandardWatchEventKinds.ENTRY_CREATE);
            } catch (IOException e) {
                throw new ClaimBroken("the host's root cannot watch a folder any more: " + e.getMessage());
            }
            String probe = """
                    import ctypes, os, signal
                    libc = ctypes.CDLL(None, use_errno=True)
                    files = [libc.inotify_init1(0) for _ in range(20)]
                    assert min(files) >= 0, "inotify"
                    assert libc.inotify_add_watch(files[0], b"/tmp", 2) >= 0, "watch"
                    pipes = [os.pipe() for _ in range(50)]
                    signal.pthread_sigmask(signal.SIG_BLOCK, [40])
                    os.kill(os.getpid(), 40)
                    print("fine")
                    """;
            Outcome outcome = Arena.run(
                    neighbour, ExecRequest.of("/usr/bin/python3", "-c", probe).as(user));
            ClaimBroken.unless(outcome.stdout().equals("fine\n"), "a neighbour is starved: " + outcome.stderr());
            holder.stdin().close();
            holder.await(Arena.BOUND);
        }
    }

    static void await(String what, java.util.function.BooleanSupplier condition) {
        long until = System.nanoTime() + Arena.BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException("waited in vain for: " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }
}
