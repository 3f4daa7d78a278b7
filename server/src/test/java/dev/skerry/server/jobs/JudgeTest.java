package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.jobs.Judgement.Case;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(20)
class JudgeTest {
    private static final StageLimits SHORT = StageLimits.of(Duration.ofMillis(300), Duration.ofSeconds(5), 256 << 10);
    private static final StageLimits PATIENT = StageLimits.of(Duration.ofMinutes(1), Duration.ofMinutes(1), 256 << 10);

    /** What fits between two programs of which nobody reads: the output of one, what is held, the other's input. */
    private static final int CHUNKS_UNREAD = 48;

    private final AtomicInteger chunks = new AtomicInteger();
    private final FakeJobHost host = new FakeJobHost();
    private final JobQueue queue = new JobQueue(host, JobSettings.DEFAULT, InstantSource.system());

    private Judgement judge(JobWork work) throws InterruptedException {
        try (Turn turn = queue.take(work.submission(), work.parts())) {
            return Judge.judge(turn, work);
        }
    }

    private static List<Verdict> verdicts(Judgement judgement) {
        return judgement.cases().stream().map(Case::verdict).toList();
    }

    private static JobOrder three(String program) {
        return Works.order(FakeJobHost.PYTHON, program, Works.input("1 2\n"), Works.input("wrong"), Works.input("5\n"));
    }

    @Test
    void oneProgramIsRunWithManyInputsAndEachIsJudged() throws Exception {
        Judgement all = judge(Works.judged(three("cat"), false, "1   2", "right", "5"));
        assertThat(verdicts(all)).containsExactly(Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.ACCEPTED);
        assertThat(all.verdict()).isEqualTo(Verdict.WRONG_ANSWER);
        assertThat(all.passed()).isEqualTo(2);
        assertThat(host.ran).hasSize(1);
        assertThat(all.trust().rule()).isEqualTo("request");
        assertThat(all.place()).isPresent();
    }

    @Test
    void theFirstThatIsNotAcceptedIsTheLastWhereThatIsAskedFor() throws Exception {
        Judgement some = judge(Works.judged(three("cat"), true, "1 2", "right", "5"));
        assertThat(verdicts(some)).containsExactly(Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.SKIPPED);
        assertThat(some.cases().getLast().run()).isEmpty();
        assertThat(some.verdict()).isEqualTo(Verdict.WRONG_ANSWER);
    }

    @Test
    void whatDoesNotCompileIsNotRun() throws Exception {
        JobOrder order = Works.order(FakeJobHost.C, "no such program", Works.input(""));
        Judgement judgement = judge(Works.judged(order, false, "x"));
        assertThat(judgement.verdict()).isEqualTo(Verdict.COMPILE_ERROR);
        assertThat(verdicts(judgement)).containsExactly(Verdict.SKIPPED);
    }

    @Test
    void aProgramThatFailsIsNotAskedForItsAnswer() throws Exception {
        Judgement judgement = judge(Works.judged(three("fail"), true, "", "", ""));
        assertThat(judgement.verdict()).isEqualTo(Verdict.RUNTIME_ERROR);
    }

    @ParameterizedTest
    @EnumSource(StageOutcome.Status.class)
    void everyEndOfAProgramHasAVerdict(StageOutcome.Status status) {
        Verdict expected =
                switch (status) {
                    case OK -> Verdict.WRONG_ANSWER;
                    case RUNTIME_ERROR, SIGNALLED -> Verdict.RUNTIME_ERROR;
                    case TIMED_OUT, CPU_TIME_EXCEEDED -> Verdict.TIME_LIMIT;
                    case OUT_OF_MEMORY -> Verdict.MEMORY_LIMIT;
                    case STDOUT_LIMIT, STDERR_LIMIT -> Verdict.OUTPUT_LIMIT;
                    case CANCELLED -> Verdict.CANCELLED;
                    case SANDBOX_ERROR -> Verdict.INTERNAL_ERROR;
                };
        StageOutcome outcome = FakeJobHost.outcome(status, 0, Duration.ZERO, Works.bytes("no"));
        assertThat(Judge.verdict(outcome, Optional.of(new Expectation(Works.bytes("yes"), new Comparison.Exact()))))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "1 2|1 2\\n|false|true|true",
                "1 2|1  2|false|true|true",
                "1 2|1 2|true|true|true",
                "1 2|12|false|false|false",
                "1 2|1|false|false|false",
                "1|1 2|false|false|false",
                "0.5|0.50000001|false|false|true",
                "0.5|0.51|false|false|false",
                "1000000|1000000.5|false|false|true",
                "x 1.0|x 1|false|false|true",
                "x 1.0|y 1|false|false|false",
                "nan|NaN|false|false|true",
                "1e2|100|false|false|true",
                "0x10|16|false|false|false",
                "1d|1|false|false|false",
                "inf|1e309|false|false|false",
                "1e400|5|false|false|false",
                "1e400|1e400|true|true|true",
                "\"\"|\"  \"|false|true|true",
            })
    void answersAreComparedExactlyByTokenOrAsNumbers(
            String expected, String actual, boolean exact, boolean token, boolean floating) {
        byte[] left = Works.bytes(expected);
        byte[] right = Works.bytes(actual.replace("\\n", "\n"));
        assertThat(new Comparison.Exact().same(left, right)).isEqualTo(exact);
        assertThat(new Comparison.Token().same(left, right)).isEqualTo(token);
        assertThat(new Comparison.Floating(1e-6, 1e-6).same(left, right)).isEqualTo(floating);
    }

    private static BufferedReader lines(InputStream in) {
        return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(Works.bytes(text + "\n"));
        out.flush();
    }

    /** Guesses a number below a hundred by halves. */
    private static int guess(InputStream in, OutputStream out) throws IOException {
        BufferedReader answers = lines(in);
        int low = 0;
        int high = 100;
        while (true) {
            int middle = (low + high) / 2;
            say(out, String.valueOf(middle));
            String answer = String.valueOf(answers.readLine());
            switch (answer) {
                case "more" -> low = middle + 1;
                case "less" -> high = middle;
                case "right" -> {
                    return 0;
                }
                default -> {
                    return 1;
                }
            }
        }
    }

    private static int answer(InputStream in, OutputStream out, List<String> arguments) throws IOException {
        BufferedReader guesses = lines(in);
        int secret = Integer.parseInt(arguments.getFirst());
        for (int i = 0; i < 8; i++) {
            String line = guesses.readLine();
            if (line == null) {
                return 1;
            }
            int guess = Integer.parseInt(line);
            if (guess == secret) {
                say(out, "right");
                return 0;
            }
            say(out, guess < secret ? "more" : "less");
        }
        return 1;
    }

    private JobWork interactive(String program, String interactor, boolean stopEarly, String... secrets) {
        return interactive(program, interactor, stopEarly, PATIENT, PATIENT, secrets);
    }

    private JobWork interactive(
            String program, String interactor, boolean stopEarly, StageLimits of, StageLimits its, String... secrets) {
        host.program("guess", (in, out, _) -> guess(in, out));
        host.program("answer", JudgeTest::answer);
        host.program("stubborn", (in, out, _) -> {
            BufferedReader answers = lines(in);
            do {
                say(out, "1");
            } while (answers.readLine() != null);
            return 0;
        });
        host.program("silent", (in, _, _) -> {
            in.transferTo(OutputStream.nullOutputStream());
            return 0;
        });
        host.program("flood", (_, out, _) -> {
            while (true) {
                out.write(new byte[4096]);
                chunks.incrementAndGet();
            }
        });
        JobCase[] own = Arrays.stream(secrets).map(_ -> Works.talking(of)).toArray(JobCase[]::new);
        JobCase[] others =
                Arrays.stream(secrets).map(secret -> Works.talking(its, secret)).toArray(JobCase[]::new);
        JobOrder solution = Works.order(FakeJobHost.PYTHON, program, own);
        return new JobWork(
                Works.of("acme", "u", solution),
                Arrays.stream(secrets).map(_ -> Optional.<Expectation>empty()).toList(),
                stopEarly,
                Optional.of(Works.order(FakeJobHost.C, interactor, others)));
    }

    @Test
    void twoProgramsTalkAndTheInteractorSaysWhatItIsWorth() throws Exception {
        Judgement well = judge(interactive("guess", "answer", true, "17", "0", "99", "50"));
        assertThat(verdicts(well)).containsOnly(Verdict.ACCEPTED).hasSize(4);
        assertThat(well.verdict()).isEqualTo(Verdict.ACCEPTED);
        Judgement badly = judge(interactive("stubborn", "answer", true, "1", "17", "1"));
        assertThat(verdicts(badly)).containsExactly(Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.SKIPPED);
    }

    @Test
    void anInteractorOfAnotherTemplateIsWalledOffAsThatDemands() throws Exception {
        JobSettings strict = new JobSettings(
                OptionalInt.of(1), 9, 9, Map.of(), Duration.ofDays(1), TrustPolicy.parse("template:other=gvisor"));
        JobWork work = interactive("guess", "answer", true, "17");
        JobOrder judge = Works.order(
                new LanguageRuntime("other", "python", "3.11.2", List.of(), Optional.empty(), false),
                "answer",
                work.interactor().orElseThrow().cases().getFirst());
        JobWork elsewhere = new JobWork(work.submission(), work.expected(), true, Optional.of(judge));
        JobQueue careful = new JobQueue(host, strict, InstantSource.system());
        try (Turn turn = careful.take(elsewhere.submission(), elsewhere.parts())) {
            assertThat(Judge.judge(turn, elsewhere).verdict()).isEqualTo(Verdict.ACCEPTED);
        }
        assertThat(host.ran)
                .extracting(order -> order.runtime().template() + " " + order.floor())
                .containsExactlyInAnyOrder("base CONTAINER", "other GVISOR");
    }

    /** The interactor compiles for longer than the program may run; the fake lets time go by as hosts do. */
    @Test
    void whoIsReadyFirstLosesNoTime() throws Exception {
        StageLimits talk = StageLimits.of(Duration.ofSeconds(2), Duration.ofSeconds(5), 256 << 10);
        host.compiling = talk.wall().plusMillis(200);
        assertThat(judge(interactive("guess", "answer", true, talk, PATIENT, "17"))
                        .verdict())
                .isEqualTo(Verdict.ACCEPTED);
    }

    /** Both wait for the other: the program's own limit ends it. */
    @Test
    void twoThatWaitForEachOtherEndAtTheirLimits() throws Exception {
        Judgement judgement = judge(interactive("silent", "answer", false, SHORT, PATIENT, "1", "2"));
        assertThat(verdicts(judgement)).containsExactly(Verdict.TIME_LIMIT, Verdict.TIME_LIMIT);
    }

    /** Both write until all pipes are full, and nobody reads. */
    @Test
    void twoThatOnlyWriteEndAtTheirLimits() throws Exception {
        Judgement judgement = judge(interactive("flood", "flood", false, SHORT, PATIENT, "1"));
        assertThat(judgement.verdict()).isEqualTo(Verdict.TIME_LIMIT);
    }

    @Test
    void nothingHangsWhenOneOfThemDies() throws Exception {
        assertThat(judge(interactive("fail", "answer", false, "1", "2")).verdict())
                .isEqualTo(Verdict.RUNTIME_ERROR);
        assertThat(judge(interactive("silent", "fail", false, "1", "2")).verdict())
                .isEqualTo(Verdict.INTERNAL_ERROR);
        Judgement uncompiled = judge(interactive("silent", "no such program", false, "1", "2"));
        assertThat(uncompiled.verdict()).isEqualTo(Verdict.INTERNAL_ERROR);
        assertThat(uncompiled.message()).isEqualTo("the interactor does not compile");
        assertThat(queue.running()).isZero();
    }

    @Test
    void aPairThatIsCancelledFreesItsPlace() throws Exception {
        cancelled(interactive("silent", "silent", false, "1"), () -> host.ran.size() == 2);
    }

    /** Who passes their output on stands before full pipes. */
    @Test
    void twoThatOnlyWriteEndAtOnceWhenTheyAreCancelled() throws Exception {
        cancelled(interactive("flood", "flood", false, "1"), () -> chunks.get() >= 2 * CHUNKS_UNREAD);
    }

    private void cancelled(JobWork work, BooleanSupplier when) throws InterruptedException {
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                judge(work);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        JobQueueTest.eventually(when);
        caller.interrupt();
        caller.join();
        assertThat(queue.running()).isZero();
    }

    @Test
    void aVerdictGoesByWhoFailedFirst() {
        var ok = FakeJobHost.outcome(StageOutcome.Status.OK, 0, Duration.ZERO, new byte[0]);
        var bad = FakeJobHost.outcome(StageOutcome.Status.RUNTIME_ERROR, 1, Duration.ZERO, new byte[0]);
        var broken = FakeJobHost.outcome(StageOutcome.Status.RUNTIME_ERROR, 7, Duration.ZERO, new byte[0]);
        var piped = new StageOutcome(
                StageOutcome.Status.SIGNALLED,
                OptionalInt.empty(),
                OptionalInt.of(13),
                Duration.ZERO,
                Duration.ZERO,
                0,
                new byte[0],
                false,
                new byte[0],
                false);
        assertThat(verdict(ok, ok, Meeting.Side.SOLUTION)).isEqualTo(Verdict.ACCEPTED);
        assertThat(verdict(bad, bad, Meeting.Side.SOLUTION)).isEqualTo(Verdict.RUNTIME_ERROR);
        assertThat(verdict(piped, bad, Meeting.Side.INTERACTOR)).isEqualTo(Verdict.WRONG_ANSWER);
        assertThat(verdict(ok, broken, Meeting.Side.INTERACTOR)).isEqualTo(Verdict.INTERNAL_ERROR);
    }

    private static Verdict verdict(StageOutcome solution, StageOutcome interactor, Meeting.Side first) {
        return Interaction.verdict(
                new Meeting.Ends(Map.of(Meeting.Side.SOLUTION, solution, Meeting.Side.INTERACTOR, interactor), first));
    }
}
