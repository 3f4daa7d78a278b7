package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.engine.EngineSettings;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.GuestProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A data folder of the tests' own, and the look at the host that shows whether anything of it is left. */
public final class AgentHost {
    /** Which of the JVMs that run this module's tests at the same time this one is. */
    static final String FORK = System.getProperty("skerry.test.fork", "1");

    static final Path FOLDER = Path.of("/var/tmp/skerry-agent-test" + (FORK.equals("1") ? "" : "-" + FORK));
    public static final Duration BOUND = Duration.ofSeconds(Integer.getInteger("skerry.test.bound-seconds", 30));
    static final HostId ID = new HostId("here");
    private static final long WAIT_NANOS = BOUND.toNanos();

    /** Held until this JVM ends: tests of another clone would take our sandboxes for leftovers. */
    @Nullable
    private static LockFile lock;

    private static final Queue<LocalAgent> OPENED = new ConcurrentLinkedQueue<>();
    private static final Queue<Process> STARTED = new ConcurrentLinkedQueue<>();

    /** For every class of tests that use this. */
    public static final LeftBehind LEFT_BEHIND = new LeftBehind(AgentHost::settings, AgentHost::letGo);

    private AgentHost() {}

    /** Of agents and processes that a test may not have closed and ended itself. */
    private static void letGo() {
        STARTED.forEach(process -> process.destroyForcibly().onExit().join());
        for (LocalAgent agent : OPENED) {
            try {
                agent.close();
            } catch (RuntimeException e) {
                // It was closed already, or is what the test has found.
            }
        }
    }

    static Process started(Process process) {
        STARTED.add(process);
        return process;
    }

    public static synchronized void own() throws Exception {
        Files.createDirectories(FOLDER);
        boolean taken = lock != null;
        OPENED.clear();
        STARTED.clear();
        long until = System.nanoTime() + Duration.ofMinutes(5).toNanos();
        while (lock == null) {
            lock = LockFile.tryAcquire(FOLDER.resolve("tests.lock"), LockFile.Kind.EXCLUSIVE)
                    .orElse(null);
            assertThat(System.nanoTime()).as("other tests have the folder").isLessThan(until);
            LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        }
        if (!taken && Files.exists(FOLDER.resolve("instance")) && !leftovers().isEmpty()) {
            // Of a run that was interrupted.
            LeftBehind.remove(settings());
        }
    }

    public static EngineSettings settings() {
        String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        Path guestd = Path.of(System.getProperty("skerry.native.dir", "../native/build/" + machine))
                .resolve("guestd")
                .toAbsolutePath()
                .normalize();
        assertThat(guestd).as("build it with: make -C native").isExecutable();
        return EngineSettings.system(FOLDER, guestd);
    }

    static LocalAgent open() throws InterruptedException {
        LocalAgent agent = LocalAgent.open(settings(), ID);
        OPENED.add(agent);
        return agent;
    }

    static Incarnation fresh() {
        return new Incarnation(SandboxId.create(InstantSource.system().instant(), new SecureRandom()), 1);
    }

    static Incarnation next(Incarnation incarnation) {
        return new Incarnation(incarnation.id(), incarnation.generation() + 1);
    }

    /** A sandbox as the server asks for one. */
    static StartSandbox onDisk(Incarnation incarnation) {
        Limits limits = Limits.DEFAULT.withMemoryBytes(128L << 20).withDisk(64L << 20, 2000);
        return new StartSandbox(
                incarnation, "base", Isolation.CONTAINER, limits, Privilege.SUDO, Optional.empty(), true);
    }

    static StartSandbox inMemory(Incarnation incarnation) {
        Limits limits = Limits.DEFAULT.withMemoryBytes(128L << 20);
        return new StartSandbox(
                incarnation, "base", Isolation.CONTAINER, limits, Privilege.NONE, Optional.empty(), false);
    }

    static String run(GuestConnection guest, ExecRequest request) throws Exception {
        GuestProcess process = guest.exec(request);
        String[] errors = {""};
        Thread reader = Thread.ofVirtual().start(() -> errors[0] = text(process.stderr()));
        String text = text(process.stdout());
        reader.join();
        assertThat(process.await(BOUND)).isPresent();
        return (text + errors[0]).strip();
    }

    private static String text(java.io.InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String shell(GuestConnection guest, String script) throws Exception {
        return run(guest, ExecRequest.of("/bin/sh", "-c", script));
    }

    public static void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        }
    }

    static Path instanceFolder() {
        try {
            return Path.of(
                    "/run/skerry", Files.readString(FOLDER.resolve("instance")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What e2fsck says of a disk that nobody has mounted, with a question to each part of it. */
    static void assertConsistent(SandboxId id) throws Exception {
        Path image = FOLDER.resolve("disks").resolve(id.text()).resolve("image");
        Process check = new ProcessBuilder("/usr/sbin/e2fsck", "-f", "-n", image.toString())
                .redirectErrorStream(true)
                .start();
        String words = text(check.getInputStream());
        assertThat(check.waitFor()).as(words).isZero();
        assertThat(words).doesNotContain("recovering journal");
    }

    public static void assertNothingLeft() {
        await("nothing is left: " + leftovers(), () -> leftovers().isEmpty());
    }

    /** Of sandboxes that are there: {@code <id>.<generation>}. */
    static List<String> runFolders() {
        return entries(instanceFolder(), "[0-9a-z]{25}\\..*");
    }

    /** Stops everything in a sandbox, as somebody else on this machine may. */
    static void freeze(String runFolder) throws IOException {
        String group = "skerry-" + instanceFolder().getFileName() + "/" + runFolder;
        Path v1 = Path.of("/sys/fs/cgroup/freezer", group, "freezer.state");
        Path v2 = Path.of("/sys/fs/cgroup", group, "box/cgroup.freeze");
        Files.writeString(Files.exists(v1) ? v1 : v2, Files.exists(v1) ? "FROZEN" : "1");
    }

    static void killShim(String runFolder) throws IOException {
        ProcessHandle.of(Long.parseLong(shim(runFolder))).orElseThrow().destroyForcibly();
    }

    /** Its pid. */
    static String shim(String runFolder) throws IOException {
        return Files.readString(instanceFolder().resolve(runFolder).resolve("shim"))
                .split(" ", -1)[0]
                .strip();
    }

    static List<String> leftovers() {
        String instance = instanceFolder().getFileName().toString();
        List<String> found = new ArrayList<>(entries(instanceFolder(), "[0-9a-z]{25}\\..*|new-.*"));
        for (String tree : entries(Path.of("/sys/fs/cgroup"), ".*")) {
            found.addAll(entries(Path.of("/sys/fs/cgroup", tree, "skerry-" + instance), "[0-9a-z]{25}\\..*"));
        }
        found.addAll(entries(Path.of("/sys/fs/cgroup", "skerry-" + instance), "[0-9a-z]{25}\\..*"));
        found.addAll(entries(Path.of("/run/skerry-uid-ranges/owners"), ".*" + instance + ".*"));
        found.addAll(entries(FOLDER.resolve("disks"), ".*"));
        found.addAll(loops());
        ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").contains("/skerry/" + instance + "/guestd"))
                .filter(process -> process.parent().filter(AgentHost::isUs).isEmpty())
                .forEach(process -> found.add("process " + process.pid()));
        return found;
    }

    private static boolean isUs(ProcessHandle process) {
        return process.pid() == ProcessHandle.current().pid();
    }

    /** Loop devices on images of ours. */
    static List<String> loops() {
        return entries(Path.of("/sys/block"), "loop[0-9]+").stream()
                .flatMap(device -> content(Path.of("/sys/block", device, "loop/backing_file")).stream())
                .filter(file -> file.startsWith(FOLDER + "/"))
                .toList();
    }

    static Optional<String> content(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<String> entries(Path folder, String pattern) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(pattern))
                    .toList();
        } catch (NoSuchFileException | java.nio.file.NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
