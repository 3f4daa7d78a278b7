package dev.skerry.server.jobs;

import dev.skerry.server.jobs.Meeting.Ends;
import dev.skerry.server.jobs.Meeting.Side;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * A program and the interactor that talks to it, as two jobs at the same time. The interactor's exit code is the
 * verdict: 0 accepted; 1 (or 2, which checkers of the testlib kind say of a wrong form) wrong answer; all else is the
 * interactor's own trouble. A program that fails by itself, before the interactor has said anything, has failed.
 */
final class Interaction {
    private final Turn turn;
    private final JobWork work;
    private final JobOrder interactor;
    private final Meeting meeting;

    Interaction(Turn turn, JobWork work, JobOrder interactor) {
        this.turn = turn;
        this.work = work;
        this.interactor = interactor;
        Duration wall = Stream.concat(work.submission().order().cases().stream(), interactor.cases().stream())
                .map(JobCase::limits)
                .map(limits -> limits.wall())
                .max(Duration::compareTo)
                .orElseThrow();
        this.meeting = new Meeting(wall, ends -> !work.stopEarly() || verdict(ends) == Verdict.ACCEPTED);
    }

    private static boolean refuses(StageOutcome interactor) {
        int code = interactor.exitCode().orElse(-1);
        return code == 1 || code == 2;
    }

    static Verdict verdict(Ends ends) {
        Optional<StageOutcome> solution = ends.of(Side.SOLUTION);
        Optional<StageOutcome> interactor = ends.of(Side.INTERACTOR);
        if (solution.isEmpty() || interactor.isEmpty()) {
            return Verdict.INTERNAL_ERROR;
        }
        Verdict own = Verdict.of(solution.get().status());
        boolean byItself = own != Verdict.ACCEPTED && own != Verdict.CANCELLED;
        if (byItself && (ends.first() == Side.SOLUTION || !refuses(interactor.get()))) {
            return own;
        }
        return switch (Verdict.of(interactor.get().status())) {
            case ACCEPTED -> own;
            case CANCELLED -> Verdict.CANCELLED;
            case RUNTIME_ERROR -> refuses(interactor.get()) ? Verdict.WRONG_ANSWER : Verdict.INTERNAL_ERROR;
            case WRONG_ANSWER, TIME_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT, COMPILE_ERROR, INTERNAL_ERROR, SKIPPED ->
                Verdict.INTERNAL_ERROR;
        };
    }

    Judgement judge() throws InterruptedException {
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("job-side-", 0).factory())) {
            Future<JobOutcome> judge = threads.submit(() -> run(Side.INTERACTOR, interactor));
            Future<JobOutcome> solution =
                    threads.submit(() -> run(Side.SOLUTION, work.submission().order()));
            try {
                JobOutcome own = result(solution);
                return judgement(own, result(judge));
            } finally {
                // So that nobody who passes output on stands in the way of being told that it is over.
                Stream.of(Side.values()).forEach(meeting::over);
                threads.shutdownNow();
            }
        }
    }

    private static JobOutcome result(Future<JobOutcome> job) throws InterruptedException {
        try {
            return job.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Failure failure) {
                throw failure;
            }
            if (e.getCause() instanceof InterruptedException) {
                throw new InterruptedException();
            }
            throw new Failure(ErrorCode.INTERNAL, "a program of an interactive job could not be run", e.getCause());
        }
    }

    private JobOutcome run(Side side, JobOrder order) throws InterruptedException {
        try {
            return turn.run(order, new JobListener() {
                @Override
                public void placed(JobPlace place) {
                    if (!order.runtime().compiled()) {
                        meeting.ready(side);
                    }
                }

                @Override
                public void begins(Phase phase, int run, JobControl control) {
                    if (phase == Phase.RUN) {
                        meeting.begins(side, run, control);
                    }
                }

                @Override
                public void wrote(JobListener.Stream stream, byte[] bytes) {
                    if (stream == JobListener.Stream.STDOUT) {
                        meeting.wrote(side, bytes);
                    }
                }

                @Override
                public boolean ended(Phase phase, int run, StageOutcome outcome) {
                    if (phase == Phase.RUN) {
                        return meeting.ended(side, run, outcome);
                    }
                    if (outcome.status() == StageOutcome.Status.OK) {
                        meeting.ready(side);
                    }
                    return true;
                }
            });
        } finally {
            meeting.over(side);
        }
    }

    private Judgement judgement(JobOutcome solution, JobOutcome judge) {
        boolean built = judge.compile()
                .map(stage -> stage.status() == StageOutcome.Status.OK)
                .orElse(true);
        List<Judgement.Case> cases = new ArrayList<>();
        List<Ends> ends = meeting.ends();
        for (int i = 0; i < work.expected().size(); i++) {
            // One of them may have begun a case that the other never came to.
            boolean both = i < solution.runs().size() && i < judge.runs().size() && i < ends.size();
            cases.add(
                    both
                            ? new Judgement.Case(
                                    verdict(ends.get(i)),
                                    ends.get(i).of(Side.SOLUTION),
                                    ends.get(i).of(Side.INTERACTOR))
                            : Judgement.Case.SKIPPED);
        }
        Verdict overall = built ? Judgement.overall(cases) : Verdict.INTERNAL_ERROR;
        Judgement said = Judge.judgement(turn, solution, cases, overall);
        return built || said.verdict() == Verdict.COMPILE_ERROR
                ? said
                : said.because("the interactor does not compile");
    }
}
