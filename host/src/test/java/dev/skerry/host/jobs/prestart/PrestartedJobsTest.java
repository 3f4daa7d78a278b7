package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.engine.TestHost;
import dev.skerry.host.jobs.Claimed;
import dev.skerry.host.jobs.ColdSupply;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandbox.JobProcess;
import dev.skerry.host.jobs.JobSandboxes;
import dev.skerry.host.jobs.LocalJobHost;
import dev.skerry.host.jobs.SandboxSupply;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whole jobs, in sandboxes whose interpreter had waited and in cold ones. */
class PrestartedJobsTest {
    private static final StageLimits LIMITS = StageLimits.of(Duration.ofSeconds(20), Duration.ofSeconds(20), 100_000);

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();
    private final Engine engine = host.engine();
    private final JobSandboxes sandboxes = new JobSandboxes(engine);
    private final JobHost cold = new LocalJobHost(engine, sandboxes, new ColdSupply(sandboxes));
    private final JobHost warm = new LocalJobHost(engine, sandboxes, new Prestarted());

    private final Prestarts prestarts = new Prestarts();
    private volatile boolean suited;
    private volatile boolean released;

    /** Makes a sandbox with an interpreter that waits for each job. */
    private final class Prestarted implements SandboxSupply {
        @Override
        public Claimed claim(JobOrder order) throws InterruptedException {
            PoolPlan plan = planOf(order.runtime().language());
            suited = prestarts.refusal(order, plan).isEmpty();
            EngineSandbox sandbox = sandboxes.make("base", order.floor(), order.limits());
            try {
                WaitingProgram waiting = prestarts.begin(sandbox, plan);
                WaitingProgram observed = start -> {
                    Optional<JobProcess> program = waiting.release(start);
                    released = program.isPresent();
                    return program;
                };
                return new Claimed(sandbox, Warmth.PRESTARTED, Optional.of(observed), order.limits());
            } catch (Failure e) {
                sandbox.close();
                throw e;
            }
        }
    }

    @AfterEach
    void nothingIsLeft() {
        cold.close();
        warm.close();
        engine.close();
        host.assertNothingLeft();
    }

    @Test
    void python() throws Exception {
        compare(
                "python",
                new JobFile("main.py", """
                    import helper, sys, time
                    print(helper.double(int(input())), sys.argv, time.process_time() < 5)
                    """.getBytes(UTF_8)),
                new JobFile("helper.py", "def double(x): return 2 * x".getBytes(UTF_8)));
    }

    @Test
    void node() throws Exception {
        compare(
                "javascript",
                new JobFile(
                        "main.js",
                        "console.log(2 * require('fs').readFileSync(0, 'utf8'), process.argv)".getBytes(UTF_8)));
    }

    /** As the Piston door makes jobs whose files have no name. */
    @Test
    void programsOfOtherNames() throws Exception {
        JobFile python = new JobFile(
                "file0.code",
                "import os\nprint(2 * int(input()), __file__, sorted(os.environ.items()))".getBytes(UTF_8));
        JobFile node = new JobFile(
                "file0.code",
                "console.log(2 * require('fs').readFileSync(0), __filename, process.env, module.paths)"
                        .getBytes(UTF_8));
        compare(with(order("python", List.of(python)), Map.of("PISTON_LANGUAGE", "python")));
        compare(with(order("javascript", List.of(node)), Map.of("PISTON_LANGUAGE", "javascript")));
    }

    private static JobOrder with(JobOrder order, Map<String, String> environment) {
        return new JobOrder(
                order.id(),
                order.runtime(),
                order.floor(),
                order.limits(),
                order.files(),
                environment,
                order.compile(),
                true,
                order.cases());
    }

    private static PoolPlan planOf(String language) {
        return new PoolPlan(
                "base",
                Isolation.CONTAINER,
                Optional.of(language),
                1 << 30,
                1,
                2,
                0.9,
                1L << 32,
                PoolPlan.Miss.COLD,
                Duration.ofSeconds(1));
    }

    @Test
    void java() throws Exception {
        compare("java", new JobFile("Main.java", """
            import java.util.*;
            public class Main {
                record Twice(int of) { int value() { return 2 * of; } }
                public static void main(String[] args) {
                    System.out.println(new Twice(new Scanner(System.in).nextInt()).value());
                    if (Helper.bad()) throw new IllegalStateException("as it should");
                }
            }
            """.getBytes(UTF_8)), new JobFile("Helper.java", """
                class Helper { static boolean bad() { return true; } }
                """.getBytes(UTF_8)));
    }

    /** What the interpreter would not run in the same way, it does not run; and nobody says that it did. */
    @Test
    void oneThatCannotBeReleasedIsNotReported() throws Exception {
        JobOrder plain = order("python", List.of(new JobFile("main.py", "print(hash('x'))".getBytes(UTF_8))));
        JobOrder order = with(plain, Map.of("PYTHONHASHSEED", "7"));
        JobOutcome outcome = warm.run(order, JobListener.NOBODY);
        assertThat(suited).isFalse();
        assertThat(released).isFalse();
        assertThat(outcome.place().warmth()).isEqualTo(Warmth.WARM);
        assertThat(outcome.runs().getFirst().stdout())
                .isNotEmpty()
                .isEqualTo(cold.run(order, JobListener.NOBODY).runs().getFirst().stdout());
    }

    private void compare(String language, JobFile... files) throws InterruptedException {
        compare(order(language, List.of(files)));
    }

    private void compare(JobOrder order) throws InterruptedException {
        JobOutcome expected = cold.run(order, JobListener.NOBODY);
        JobOutcome outcome = warm.run(order, JobListener.NOBODY);
        assertThat(expected.place().warmth()).isEqualTo(Warmth.COLD);
        assertThat(outcome.place().warmth()).isEqualTo(Warmth.PRESTARTED);
        assertThat(outcome.compile().map(StageOutcome::status))
                .isEqualTo(expected.compile().map(StageOutcome::status));
        assertThat(suited).isTrue();
        assertThat(released).isTrue();
        assertThat(outcome.runs()).hasSize(2);
        for (int run = 0; run < outcome.runs().size(); run++) {
            StageOutcome one = expected.runs().get(run);
            StageOutcome other = outcome.runs().get(run);
            assertThat(new String(one.stdout(), UTF_8)).startsWith("" + 2 * (21 + run));
            assertThat(new String(other.stdout(), UTF_8)).isEqualTo(new String(one.stdout(), UTF_8));
            assertThat(new String(other.stderr(), UTF_8)).isEqualTo(new String(one.stderr(), UTF_8));
            assertThat(other.status()).isEqualTo(one.status());
            assertThat(other.exitCode()).isEqualTo(one.exitCode());
        }
    }

    /** The second case finds no interpreter that waits. */
    private JobOrder order(String language, List<JobFile> files) {
        LanguageRuntime runtime = cold.runtimes().stream()
                .filter(each ->
                        each.language().equals(language) && each.template().equals("base"))
                .findFirst()
                .orElseThrow();
        return new JobOrder(
                "prestarted",
                runtime,
                Isolation.CONTAINER,
                Limits.DEFAULT.withMemoryBytes(1L << 30),
                files,
                Map.of(),
                LIMITS,
                true,
                List.of(
                        new JobCase(Optional.of("21\n".getBytes(UTF_8)), List.of(), LIMITS),
                        new JobCase(Optional.of("22\n".getBytes(UTF_8)), List.of(), LIMITS)));
    }
}
