package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.LaunchedClone.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code ./skerry test} runs the tests of C beside the build and the tests of Java; here all of them are stand-ins, and
 * the build is one that somebody else has made, unless it is what is tested.
 */
class TestCommandTest {
    private static final Duration BOUND = Duration.ofSeconds(30);
    /** What the launcher looks for before it tests; nothing calls them. */
    private static final List<String> LOOKED_FOR = List.of(
            "gcc",
            "mvn",
            "crun",
            "mke2fs",
            "runc",
            "runsc",
            "ps",
            "mmdebstrap",
            "qemu-system-x86_64",
            "aarch64-linux-gnu-gcc",
            "clang",
            "npm");

    private static final String REPORT = """
            mkdir -p x/target/surefire-reports
            echo '<testsuite name="x" tests="3" errors="0" skipped="0" failures="%d">' \\
                >x/target/surefire-reports/TEST-x.xml
            echo from Maven
            exit %d""";

    /** Its last word is the target; without one it is the build that comes before the tests. */
    private static final String MAKE = """
            for target; do :; done
            case $target in *native) exit ;; esac
            echo "from make $target"
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @SuppressWarnings("NullAway.Init")
    private LaunchedClone clone;

    @BeforeEach
    void makeAClone() throws IOException {
        clone = LaunchedClone.in(folder, Map.of("SKERRY_DIST", "/nowhere"));
        for (String name : LOOKED_FOR) {
            clone.command(name, "exit 1");
        }
        for (String name : List.of("awk", "env", "grep", "nice", "setsid", "sleep")) {
            clone.command(name, "exec /usr/bin/" + name + " \"$@\"");
        }
        make(MAKE);
        maven(REPORT.formatted(0, 0));
    }

    private void make(String script) throws IOException {
        clone.command("make", script);
    }

    private void maven(String script) throws IOException {
        clone.program("mvnw", script);
    }

    @Test
    void bothAreCountedAndWhatTheySayIsNotMixed() throws Exception {
        Result result = clone.skerry("test");
        assertThat(result.out().lines())
                .containsExactly(
                        "from Maven",
                        "from make test",
                        "from make fuzz",
                        "from make arm64",
                        "from make test-arm64",
                        "7 passed, 0 failed");
        assertThat(result.code()).isZero();
    }

    @Test
    void aTargetThatFailsFailsTheWholeAndIsNamed() throws Exception {
        make(MAKE + "[ $target != fuzz ]");
        Result result = clone.skerry("test");
        assertThat(result.out())
                .contains("skerry: 'make -C native fuzz' failed\n")
                .endsWith("6 passed, 1 failed\n");
        assertThat(result.err())
                .contains("skerry: 1 of the targets of native failed; what they said is in ")
                .doesNotContain("Maven's tests failed");
        assertThat(result.code()).isEqualTo(1);
    }

    @Test
    void aTestOfJavaThatFailsFailsTheWholeAndIsNamed() throws Exception {
        maven(REPORT.formatted(1, 3));
        Result result = clone.skerry("test");
        assertThat(result.out()).contains("from make test-arm64\n").endsWith("6 passed, 1 failed\n");
        assertThat(result.err())
                .contains("skerry: Maven's tests failed, exit code 3")
                .doesNotContain("native failed");
        assertThat(result.code()).isEqualTo(3);
    }

    @Test
    void neitherWaitsForTheOther() throws Exception {
        make(MAKE + ": >made; until [ -e tested ]; do sleep 0.01; done");
        maven(": >tested; until [ -e made ]; do sleep 0.01; done\n" + REPORT.formatted(0, 0));
        assertThat(clone.skerry("test").code()).isZero();
    }

    @Test
    void theTestsRunTheProgramThatIsBuilt() throws Exception {
        built();
        maven("echo with $*\n" + REPORT.formatted(0, 0));
        Result result = new LaunchedClone(folder, Map.of()).skerry("test", "-Dit.test=X");
        assertThat(result.out())
                .contains(" -Dskerry.dist=" + folder.resolve(".skerry/dist") + " -Dskerry.assembled=true -Dit.test=X\n")
                .endsWith("7 passed, 0 failed\n");
    }

    /** By the marks that the launcher goes by. */
    private void built() throws IOException {
        for (String source : List.of("x/src/main", "native/src", ".skerry/dist")) {
            Files.createDirectories(folder.resolve(source));
        }
        for (String source : List.of("pom.xml", "x/pom.xml", "native/Makefile", ".skerry/built")) {
            Files.createFile(folder.resolve(source));
        }
        Files.writeString(folder.resolve(".skerry/dist/java-home"), folder.resolve("jdk") + "\n");
    }

    @Test
    void aBuildThatFailsEndsAllAndIsShown() throws Exception {
        make(MAKE + "echo $$ >make.new; mv make.new make.pid; exec sleep 600");
        maven("until [ -e make.pid ]; do sleep 0.01; done; echo it does not compile; exit 3");
        Result result = new LaunchedClone(folder, Map.of()).skerry("test");
        assertThat(result.err()).contains("it does not compile\nskerry: the build failed; the whole log is ");
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isEqualTo(1);
        await("make has ended", () -> hasEnded(folder.resolve("make.pid")));
    }

    @Test
    void whoEndsItEndsBothAndWhatTheyHaveStarted() throws Exception {
        String endless = "sleep 600 & echo $! >%s.new; mv %1$s.new %1$s; wait";
        make(MAKE + endless.formatted("make.pid"));
        maven(endless.formatted("maven.pid"));
        Process test = clone.start("jdk", "test");
        try {
            Path make = folder.resolve("make.pid");
            Path maven = folder.resolve("maven.pid");
            await("both run", () -> Files.exists(make) && Files.exists(maven));
            test.destroy();
            assertThat(clone.await(test).code()).isEqualTo(143);
            await("both have ended", () -> hasEnded(make) && hasEnded(maven));
        } finally {
            test.destroyForcibly().waitFor();
        }
    }

    private static boolean hasEnded(Path file) {
        try {
            long pid = Long.parseLong(Files.readString(file).strip());
            return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }
}
