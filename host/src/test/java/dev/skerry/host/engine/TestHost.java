package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.GvisorDriver;
import dev.skerry.host.drivers.RuntimeProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An installation of its own for each test, sharing one folder of templates, and the look at the host that shows
 * whether anything of it is left.
 */
public final class TestHost {
    /** Which of the JVMs that run this module's tests at the same time this one is. */
    static final String FORK = System.getProperty("skerry.test.fork", "1");

    private static final Path FOLDER = Path.of("/var/tmp/skerry-engine-test" + (FORK.equals("1") ? "" : "-" + FORK));
    private static final long WAIT_NANOS = Duration.ofSeconds(Integer.getInteger("skerry.test.bound-seconds", 20))
            .toNanos();

    /** Held until this JVM ends: tests of another clone would take our sandboxes for leftovers. */
    @Nullable
    private static FileLock lock;

    /** For every class of tests that use this. */
    public static final LeftBehind LEFT_BEHIND = new LeftBehind(() -> sharing().settings(), () -> {});

    private final Path guestd;

    private TestHost(Path guestd) {
        this.guestd = guestd;
    }

    public static TestHost make() {
        own();
        return sharing();
    }

    private static synchronized void own() {
        if (lock != null) {
            return;
        }
        try {
            Files.createDirectories(FOLDER);
            Set<OpenOption> options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            lock = FileChannel.open(FOLDER.resolve("tests.lock"), options).lock();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (Files.exists(FOLDER.resolve("instance")) && !leftovers().isEmpty()) {
            // Of a run that was interrupted.
            LeftBehind.remove(sharing().settings());
        }
    }

    /** For a process that a test starts, which has the folder already. */
    static TestHost sharing() {
        Path built = Path.of(System.getProperty("skerry.native.dir", "../native/build/" + machine()))
                .resolve("guestd")
                .toAbsolutePath()
                .normalize();
        assertThat(built).as("build it with: make -C native").isExecutable();
        return new TestHost(built);
    }

    static RuntimeProgram runtime(String name) {
        Optional<RuntimeProgram> runtime = RuntimeProgram.find(name);
        assertThat(runtime).as("install it with: apt-get install " + name).isPresent();
        return runtime.get();
    }

    /** With the library that an old runsc needs, which is built beside guestd. */
    Driver gvisor() {
        return new GvisorDriver(runtime("runsc"), Optional.of(guestd.resolveSibling("statx-compat.so")));
    }

    Path guestd() {
        return guestd;
    }

    private static String machine() {
        return System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    }

    EngineSettings settings() {
        return EngineSettings.system(FOLDER, guestd);
    }

    public Engine engine() {
        return Engine.open(settings());
    }

    Engine engine(Drivers drivers) {
        return Engine.open(settings(), drivers);
    }

    private static Path instanceFolder() {
        try {
            return Path.of(
                    "/run/skerry", Files.readString(FOLDER.resolve("instance")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path runFolderOf(Sandbox sandbox) {
        return instanceFolder().resolve(sandbox.record().folder());
    }

    long shimOf(Sandbox sandbox) {
        return shim(sandbox.id().text()).orElseThrow().pid();
    }

    /** Once it has written itself down. */
    Optional<ProcessIdentity> shim(String sandboxId) {
        return new RunFolder(instanceFolder().resolve(sandboxId + ".1")).shim();
    }

    void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        }
    }

    public void assertNothingLeft() {
        await("nothing is left: " + leftovers(), () -> leftovers().isEmpty());
    }

    static List<String> leftovers() {
        String instance = instanceFolder().getFileName().toString();
        List<String> found = new ArrayList<>(entries(instanceFolder(), "[0-9a-z]{25}\\..*|new-.*"));
        found.addAll(entries(instanceFolder().resolve("names"), ".*"));
        for (String tree : entries(Path.of("/sys/fs/cgroup"), ".*")) {
            Path group = Path.of("/sys/fs/cgroup", tree, "skerry-" + instance);
            found.addAll(entries(group, "[0-9a-z]{25}\\..*"));
        }
        found.addAll(entries(Path.of("/run/skerry-uid-ranges/owners"), ".*" + instance + ".*"));
        ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").contains("/skerry/" + instance + "/guestd"))
                .filter(process -> !process.parent().map(ProcessHandle::pid).equals(Optional.of(pid())))
                .forEach(process -> found.add("process " + process.pid()));
        return found;
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }

    private static List<String> entries(Path folder, String pattern) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(pattern))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
