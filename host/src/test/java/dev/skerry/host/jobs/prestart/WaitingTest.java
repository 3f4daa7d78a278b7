package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.engine.TestHost;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobSandbox.Start;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An interpreter that waits, from its start to its release. */
class WaitingTest {
    private static final byte[] NOTHING = new byte[0];
    private static final int SIGKILL = 9;

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();
    private final Engine engine = host.engine();

    @AfterEach
    void nothingIsLeft() {
        engine.close();
        host.assertNothingLeft();
    }

    @Test
    void limitsHoldFromItsReleaseOn() throws Exception {
        try (Rig rig = python(3)) {
            rig.put("main.py", "import time\nwhile True: time.sleep(0.01)".getBytes(UTF_8));
            Observed slow =
                    rig.prestarted(limited(rig, Optional.of(Duration.ofMillis(200)), Optional.empty()), NOTHING);
            assertThat(slow.exit().timedOut()).isTrue();

            rig.put("main.py", "while True: pass".getBytes(UTF_8));
            Observed busy = rig.prestarted(limited(rig, Optional.empty(), Optional.of(Duration.ofSeconds(1))), NOTHING);
            assertThat(busy.exit().cpuTime()).isTrue();

            rig.put("main.py", """
                import resource
                for name in ("NOFILE", "FSIZE", "CPU"):
                    print(resource.getrlimit(getattr(resource, "RLIMIT_" + name)))
                """.getBytes(UTF_8));
            var limits = new StageLimits(
                    Optional.empty(),
                    Optional.of(Duration.ofMillis(6500)),
                    OptionalInt.of(50),
                    OptionalInt.of(20),
                    OptionalLong.of(1000));
            Start start = rig.start(rig.start().words(), Map.of(), limits);
            assertThat(rig.prestarted(start, NOTHING).stdout()).isEqualTo("(20, 20)\n(1000, 1000)\n(7, 8)\n");
        }
    }

    private static Start limited(Rig rig, Optional<Duration> wall, Optional<Duration> cpu) {
        return rig.start(rig.start().words(), Map.of(), new StageLimits(wall, cpu));
    }

    @Test
    void whatItWouldNotRunInTheSameWayItDoesNotRun() throws Exception {
        try (Rig rig = python(4)) {
            rig.put("main.py", "print('must not be seen')".getBytes(UTF_8));
            List<String> words = rig.start().words();
            List<Start> others = List.of(
                    rig.start(words, Map.of("PYTHONHASHSEED", "0"), Rig.LIMITS),
                    rig.start(words, Map.of("LANG", "C"), Rig.LIMITS),
                    rig.start(List.of(words.getFirst(), "-v", words.getLast()), Map.of(), Rig.LIMITS),
                    rig.start(List.of(words.getFirst(), words.getLast(), "argument"), Map.of(), Rig.LIMITS));
            for (Start other : others) {
                assertThat(rig.next().release(other)).isEmpty();
            }
            assertThat(rig.sandbox.sandbox().guest().processes().list())
                    .hasSize(others.size())
                    .allSatisfy(
                            process -> assertThat(process.exit()).hasValueSatisfying(exit -> assertThat(exit.signal())
                                    .isEqualTo(SIGKILL)));
        }
    }

    @Test
    void oneThatHasDiedIsNotReleased() throws Exception {
        try (Rig rig = python(1)) {
            rig.sandbox.clear();
            assertThat(rig.next().release(rig.start())).isEmpty();
            rig.put("main.py", "print('anew')".getBytes(UTF_8));
            assertThat(rig.cold(NOTHING).stdout()).isEqualTo("anew\n");
        }
    }

    /** It is not one process that was copied. */
    @Test
    void chanceIsEachOnesOwn() throws Exception {
        try (Rig rig = python(2)) {
            rig.put("main.py", """
                import os, random, uuid
                print(hash("x"), random.random(), uuid.uuid4(), os.urandom(8), id(object()), sep="\\n")
                """.getBytes(UTF_8));
            List<String> one = rig.prestarted(NOTHING).stdout().lines().toList();
            List<String> other = rig.prestarted(NOTHING).stdout().lines().toList();
            assertThat(one).hasSize(5);
            assertThat(one).doesNotContainAnyElementsOf(other);
        }
    }

    @Test
    void memoryIsLimitedAlike() throws Exception {
        Limits small = Rig.ROOMY.withMemoryBytes(64L << 20);
        byte[] greedy = "print('starts', flush=True)\nx = bytearray(100 << 20)\nprint(len(x))".getBytes(UTF_8);
        try (Rig cold = new Rig(engine, Language.PYTHON, small);
                Rig rig = new Rig(engine, Language.PYTHON, small)) {
            rig.prestart(1);
            cold.put("main.py", greedy);
            rig.put("main.py", greedy);
            Observed killed = cold.cold(NOTHING);
            assertThat(killed.exit().signal()).hasValue(SIGKILL);
            assertThat(Observed.difference(killed, rig.prestarted(NOTHING))).isEmpty();
            assertThat(rig.sandbox.usage().outOfMemoryKills())
                    .isEqualTo(cold.sandbox.usage().outOfMemoryKills())
                    .isPositive();
        }
    }

    /** The whole of two fresh sandboxes: every process, and every file outside of what the kernel shows. */
    @Test
    void nothingOfTheWaitingIsLeftInTheSandbox() throws Exception {
        byte[] look = """
            import os, stat
            for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
                print(open(f"/proc/{pid}/cmdline").read().split("\\0"))
            for top in ("/box", "/tmp", "/run", "/dev", "/var/tmp", "/root", "/home", "/etc"):
                for folder, folders, files in os.walk(top):
                    for name in sorted(folders + files):
                        status = os.lstat(os.path.join(folder, name))
                        print(folder, name, oct(status.st_mode), status.st_uid, status.st_size)
            """.getBytes(UTF_8);
        try (Rig cold = new Rig(engine, Language.PYTHON, Limits.DEFAULT);
                Rig rig = python(1)) {
            cold.put("main.py", look);
            rig.put("main.py", look);
            Observed seen = cold.cold(NOTHING);
            assertThat(seen.stdout()).contains("main.py").hasLineCount((int)
                    seen.stdout().lines().count());
            assertThat(Observed.difference(seen, rig.prestarted(NOTHING))).isEmpty();
        }
    }

    /** Interpreters that size their heaps by it find the machine's, however much the sandbox may use. */
    @ParameterizedTest
    @EnumSource(names = {"JAVASCRIPT", "JAVA"})
    void memoryThatIsBoundLaterIsNotWhatTheyFind(Language language) throws Exception {
        String script = "console.log(require('v8').getHeapStatistics().heap_size_limit, require('os').totalmem())";
        String type = """
            public class Main {
                public static void main(String[] args) {
                    Runtime own = Runtime.getRuntime();
                    System.out.println(own.maxMemory() + " " + own.availableProcessors());
                }
            }
            """;
        Set<String> found = new HashSet<>();
        for (long mib : new long[] {256, 2048}) {
            try (Rig rig = new Rig(engine, language, Rig.ROOMY.withMemoryBytes(mib << 20))) {
                byte[] text = (language == Language.JAVA ? type : script).getBytes(UTF_8);
                new Placing(rig).put(new Program("memory", text, NOTHING));
                found.add(rig.cold(NOTHING).stdout());
            }
        }
        assertThat(found).singleElement().asString().isNotBlank();
    }

    /** Whose kernel does not say where a thread waits. */
    @Test
    void itWaitsInAUserSpaceKernelToo() throws Exception {
        try (Rig rig = new Rig(engine, Language.PYTHON, Rig.ROOMY, Isolation.GVISOR)) {
            rig.prestart(1);
            rig.put("main.py", "print('hello')".getBytes(UTF_8));
            assertThat(Observed.difference(rig.cold(NOTHING), rig.prestarted(NOTHING)))
                    .isEmpty();
        }
    }

    private Rig python(int waiting) throws InterruptedException {
        var rig = new Rig(engine, Language.PYTHON, Limits.DEFAULT);
        rig.prestart(waiting);
        return rig;
    }
}
