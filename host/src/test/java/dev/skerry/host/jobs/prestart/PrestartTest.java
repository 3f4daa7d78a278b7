package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.jobs.Language;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.StageLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which jobs an interpreter that waits may run. */
class PrestartTest {
    private static final StageLimits LIMITS = StageLimits.of(Duration.ofSeconds(3), Duration.ofSeconds(3), 1000);
    private static final Map<String, String> DOOR = Map.of("PISTON_LANGUAGE", "python");
    private static final PoolPlan PLAN = new PoolPlan(
            "base",
            Isolation.CONTAINER,
            Optional.of("python"),
            1 << 28,
            1,
            2,
            0.9,
            1 << 30,
            PoolPlan.Miss.COLD,
            Duration.ofSeconds(1));
    private static final Prestart PYTHON = Prestart.of(Language.PYTHON).orElseThrow();
    private static final Prestart NODE = Prestart.of(Language.JAVASCRIPT).orElseThrow();
    private static final Prestart JAVA = Prestart.of(Language.JAVA).orElseThrow();

    @Test
    void mostJobsAre() {
        assertThat(refusal(PYTHON, order("main.py", "print(1)"))).isEmpty();
        assertThat(refusal(PYTHON, order("main.py", "print(1)", "helper.py", "package.json", "local/x")))
                .isEmpty();
        assertThat(refusal(NODE, order("main.js", "console.log(1)", "lib/package.json")))
                .isEmpty();
        assertThat(refusal(JAVA, order("Main.java", "class Main { public static void main(String[] a) {} }")))
                .isEmpty();
        assertThat(refusal(JAVA, order("x.java", "public class Main { public static void main(String[] a) {} }")))
                .isEmpty();
    }

    @Test
    void whatWasReadAtTheStartCannotComeLater() {
        JobOrder plain = order("main.py", "print(1)");
        assertThat(refusal(PYTHON, with(plain, Map.of("PYTHONHASHSEED", "0"), List.of(), true)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("environment"));
        assertThat(refusal(PYTHON, with(plain, Map.of(), List.of("-v"), true)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("arguments"));
        assertThat(refusal(PYTHON, with(plain, Map.of(), List.of(), false)))
                .hasValueSatisfying(reason -> assertThat(reason).contains("fresh"));
        assertThat(refusal(PYTHON, order("in/folder.py", "print(1)")))
                .hasValueSatisfying(reason -> assertThat(reason).contains("in/folder.py"));
        assertThat(refusal(PYTHON, with(plain, Map.of("PISTON_LANGUAGE", "secret"), List.of(), true)))
                .isPresent();
        assertThat(refusal(PYTHON, with(plain, DOOR, List.of(), true))).isEmpty();
    }

    @Test
    void filesThatAnInterpreterLooksForAreNoSurpriseToIt() {
        assertThat(refusal(PYTHON, order("main.py", "print(1)", ".local/lib/python3.11/site-packages/x.pth")))
                .hasValueSatisfying(reason -> assertThat(reason).contains(".local/"));
        assertThat(refusal(NODE, order("main.js", "import 'fs'", "package.json")))
                .hasValueSatisfying(reason -> assertThat(reason).contains("package.json"));
        assertThat(refusal(JAVA, order("Main.java", "class Main {}", ".hotspotrc")))
                .hasValueSatisfying(reason -> assertThat(reason).contains(".hotspotrc"));
        assertThat(refusal(PYTHON, order("main.py", "PK\3\4…PK\5\6")))
                .hasValueSatisfying(reason -> assertThat(reason).contains("archive"));
        assertThat(refusal(NODE, order("main.mjs", "import 'fs'"))).isPresent();
        assertThat(refusal(PYTHON, order("main.pyc", "print(1)"))).isPresent();
        assertThat(refusal(JAVA, order("Main.java", "package a; class Main { static void main(String[] a) {} }")))
                .isPresent();
    }

    /** The name of the program and the environment are known to an interpreter when it starts. */
    @Test
    void itWaitsForWhatMostJobsAreLike() {
        var prestarts = new Prestarts();
        assertThat(prestarts.refusal(order("main.py", "1"), PLAN)).isEmpty();
        assertThat(prestarts.refusal(order("main.py", "1"), PLAN)).isEmpty();
        for (int i = 0; i < 4; i++) {
            assertThat(prestarts.refusal(order("other.py", "1"), PLAN))
                    .hasValueSatisfying(reason -> assertThat(reason).contains("other.py", "main.py"));
        }
        assertThat(prestarts.refusal(order("other.py", "1"), PLAN)).isEmpty();
        assertThat(prestarts.refusal(order("main.py", "1"), PLAN)).isPresent();
        JobOrder fromTheDoor = with(order("other.py", "1"), DOOR, List.of(), true);
        assertThat(prestarts.refusal(fromTheDoor, PLAN)).isPresent();
    }

    @Test
    void ofManyPlansThoseAreChosenThatSuit() {
        PoolPlan stronger = planned(Isolation.GVISOR, "python");
        List<PoolPlan> plans = List.of(PLAN, planned(Isolation.CONTAINER, "java"), stronger);
        assertThat(new Prestarts().suited(order("main.py", "1"), plans)).containsExactlyInAnyOrder(PLAN, stronger);
        assertThat(new Prestarts().suited(order("in/main.py", "1"), plans)).isEmpty();
    }

    @Test
    void aProgramIsReadOnce() {
        AskedProgram program = new AskedProgram(order("Main.java", "class Main {}"));
        assertThat(program.fashion(JAVA)).isSameAs(program.fashion(JAVA));
    }

    @Test
    void theFirstJobSaysWhatTheNextWillBeLikeAndOldOnesAreForgotten() {
        var fashions = new Fashions();
        Fashion one = new Fashion("file0.code", DOOR);
        Fashion other = new Fashion("main.py", Map.of());
        assertThat(fashions.usual("python")).isEmpty();
        fashions.see("python", one);
        assertThat(fashions.usual("python")).contains(one);
        for (int i = 0; i < 10_000; i++) {
            fashions.see("python", one);
        }
        for (int i = 0; i < 200; i++) {
            fashions.see("python", other);
        }
        assertThat(fashions.usual("python")).contains(other);
        assertThat(fashions.usual("java")).isEmpty();
    }

    @Test
    void aJavaProgramIsKnownByItsMainClass() {
        assertThat(JAVA.fashion(order("file0.code", "public class App { static void main(String[] a) {} }")))
                .isEqualTo(new Fashion("App", Map.of()));
        assertThat(JAVA.fashion(order("file0.code", "void main() {}"))).isEqualTo(new Fashion("file0", Map.of()));
        assertThat(JAVA.first().program()).isEqualTo("Main");
    }

    @Test
    void compiledProgramsHaveNothingToWaitFor() {
        assertThat(Prestart.of(Language.C)).isEmpty();
        assertThat(Prestart.of(Language.GO)).isEmpty();
    }

    private static PoolPlan planned(Isolation isolation, String language) {
        return new PoolPlan(
                PLAN.template(),
                isolation,
                Optional.of(language),
                PLAN.sandboxBytes(),
                PLAN.floor(),
                PLAN.cap(),
                PLAN.hitRate(),
                PLAN.idleBytes(),
                PLAN.miss(),
                PLAN.patience());
    }

    private static Optional<String> refusal(Prestart prestart, JobOrder order) {
        return prestart.refusal(new AskedProgram(order));
    }

    private static JobOrder order(String main, String program, String... others) {
        List<JobFile> files = new ArrayList<>(List.of(new JobFile(main, program.getBytes(UTF_8))));
        for (String other : others) {
            files.add(new JobFile(other, new byte[0]));
        }
        var runtime = new LanguageRuntime("base", "python", "3.11.2", List.of(), Optional.empty(), false);
        return new JobOrder(
                "job",
                runtime,
                Isolation.CONTAINER,
                Limits.DEFAULT,
                files,
                Map.of(),
                LIMITS,
                true,
                List.of(new JobCase(Optional.empty(), List.of(), LIMITS)));
    }

    private static JobOrder with(
            JobOrder order, Map<String, String> environment, List<String> arguments, boolean prestarted) {
        return new JobOrder(
                order.id(),
                order.runtime(),
                order.floor(),
                order.limits(),
                order.files(),
                environment,
                order.compile(),
                prestarted,
                List.of(new JobCase(Optional.empty(), arguments, LIMITS)));
    }
}
