package dev.skerry.server.piston;

import dev.skerry.server.jobs.Jobs;
import dev.skerry.server.jobs.Submission;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobListener.Stream;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageOutcome;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Jobs that do what a test says, and are remembered. */
final class FakeJobs implements Jobs {
    static final JobPlace PLACE =
            new JobPlace("box1", Isolation.CONTAINER, "own 1", "base", "sha256:ab", JobPlace.Warmth.PRESTARTED);

    final List<LanguageRuntime> runtimes = new CopyOnWriteArrayList<>(List.of(
            runtime("base", "python", "3.11.2", false, "py", "python3"),
            new LanguageRuntime("base", "javascript", "20.1.0", List.of("js", "node-js"), Optional.of("node"), false),
            new LanguageRuntime("base", "c", "12.2.0", List.of("gcc"), Optional.of("gcc"), true),
            runtime("newer", "python", "3.13.0", false, "py", "python3"),
            runtime("older", "python", "3.9.18", false, "py", "python3"),
            runtime("copy", "python", "3.11.2", false, "py", "python3"),
            runtime("base", "file", "0.0.1", false, "executable")));
    volatile Supplier<List<LanguageRuntime>> more = List::of;
    final List<Submission> submitted = new CopyOnWriteArrayList<>();
    private volatile Script script = FakeJobs::hi;

    /** What happens in a job. */
    @FunctionalInterface
    interface Script {
        StageOutcome play(Run run) throws InterruptedException;
    }

    static LanguageRuntime runtime(
            String template, String language, String version, boolean compiled, String... aliases) {
        return new LanguageRuntime(template, language, version, List.of(aliases), Optional.empty(), compiled);
    }

    static StageOutcome outcome(StageOutcome.Status status, int number) {
        boolean signal = status == StageOutcome.Status.SIGNALLED;
        boolean exited = status == StageOutcome.Status.OK || status == StageOutcome.Status.RUNTIME_ERROR;
        return new StageOutcome(
                status,
                exited ? OptionalInt.of(number) : OptionalInt.empty(),
                signal ? OptionalInt.of(number) : OptionalInt.empty(),
                Duration.ofMillis(20),
                Duration.ofMillis(10),
                5_000_000,
                new byte[0],
                status == StageOutcome.Status.STDOUT_LIMIT,
                new byte[0],
                status == StageOutcome.Status.STDERR_LIMIT);
    }

    /** One stage under way. */
    static final class Run {
        private final JobListener listener;
        private final Phase phase;
        private final Submission submission;
        private final StringBuilder stdout = new StringBuilder();
        private final StringBuilder stderr = new StringBuilder();

        private Run(JobListener listener, Phase phase, Submission submission) {
            this.listener = listener;
            this.phase = phase;
            this.submission = submission;
        }

        Submission submission() {
            return submission;
        }

        Run writes(Stream stream, String text) {
            (stream == Stream.STDOUT ? stdout : stderr).append(text);
            return writes(stream, text.getBytes(StandardCharsets.UTF_8));
        }

        Run writes(Stream stream, byte[] bytes) {
            listener.wrote(stream, bytes);
            return this;
        }

        StageOutcome ends(StageOutcome outcome) {
            StageOutcome whole = new StageOutcome(
                    outcome.status(),
                    outcome.exitCode(),
                    outcome.signal(),
                    outcome.wall(),
                    outcome.cpu(),
                    outcome.memoryPeakBytes(),
                    stdout.toString().getBytes(StandardCharsets.UTF_8),
                    outcome.stdoutTruncated(),
                    stderr.toString().getBytes(StandardCharsets.UTF_8),
                    outcome.stderrTruncated());
            boolean _ = listener.ended(phase, 0, whole);
            return whole;
        }
    }

    private volatile Script compile = FakeJobs::well;
    private volatile JobControl control = nobody();
    private volatile TrustPolicy trust = TrustPolicy.NONE;

    void trust(TrustPolicy policy) {
        trust = policy;
    }

    private static StageOutcome hi(Run run) {
        return run.writes(Stream.STDOUT, "hi\n").ends(outcome(StageOutcome.Status.OK, 0));
    }

    private static StageOutcome well(Run run) {
        return run.ends(outcome(StageOutcome.Status.OK, 0));
    }

    private static JobControl nobody() {
        return new Control(OutputStream.nullOutputStream(), new ArrayList<>());
    }

    /** As at the beginning. */
    void playNothingSpecial() {
        script = FakeJobs::hi;
        compile = FakeJobs::well;
        control = nobody();
    }

    /** What a client does to a stage. */
    record Control(OutputStream stdin, List<Integer> signals) implements JobControl {
        @Override
        public void signal(int number) {
            synchronized (signals) {
                signals.add(number);
                signals.notifyAll();
            }
        }

        @Override
        public void kill() {
            signal(9);
        }

        int awaitSignal() throws InterruptedException {
            synchronized (signals) {
                while (signals.isEmpty()) {
                    signals.wait();
                }
                return signals.removeFirst();
            }
        }
    }

    void play(Script next) {
        script = next;
    }

    void compiling(Script next) {
        compile = next;
    }

    void control(JobControl next) {
        control = next;
    }

    Submission last() {
        return submitted.getLast();
    }

    @Override
    public List<LanguageRuntime> runtimes() {
        List<LanguageRuntime> all = new ArrayList<>(runtimes);
        all.addAll(more.get());
        return List.copyOf(all);
    }

    @Override
    public JobOutcome run(Submission submission, JobListener listener, Consumer<TrustPolicy.Decision> decided)
            throws InterruptedException {
        submitted.add(submission);
        decided.accept(trust.decide(
                submission.tenant(),
                submission.order().runtime().template(),
                submission.labels(),
                submission.order().floor()));
        listener.placed(PLACE);
        Optional<StageOutcome> compiled = Optional.empty();
        if (submission.order().runtime().compiled()) {
            compiled = Optional.of(stage(compile, Phase.COMPILE, submission, listener));
            if (compiled.get().status() != StageOutcome.Status.OK) {
                return ended(compiled, List.of());
            }
        }
        return ended(compiled, List.of(stage(script, Phase.RUN, submission, listener)));
    }

    private StageOutcome stage(Script played, Phase phase, Submission submission, JobListener listener)
            throws InterruptedException {
        listener.begins(phase, 0, control);
        return played.play(new Run(listener, phase, submission));
    }

    private static JobOutcome ended(Optional<StageOutcome> compile, List<StageOutcome> runs) {
        return new JobOutcome(PLACE, compile, runs, Duration.ofMillis(1), Duration.ofMillis(30));
    }
}
