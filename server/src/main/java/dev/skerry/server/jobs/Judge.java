package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.StageOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs what has its turn, and says what it is worth. */
final class Judge {
    private Judge() {}

    static Judgement judge(Turn turn, JobWork work) throws InterruptedException {
        return work.interactor().isPresent()
                ? new Interaction(turn, work, work.interactor().get()).judge()
                : batch(turn, work);
    }

    private static Judgement batch(Turn turn, JobWork work) throws InterruptedException {
        JobOutcome outcome = turn.run(work.submission().order(), new JobListener() {
            @Override
            public boolean ended(Phase phase, int run, StageOutcome stage) {
                return phase == Phase.COMPILE
                        || !work.stopEarly()
                        || verdict(stage, work.expected().get(run)) == Verdict.ACCEPTED;
            }
        });
        List<Judgement.Case> cases = new ArrayList<>();
        for (int i = 0; i < work.expected().size(); i++) {
            if (i < outcome.runs().size()) {
                StageOutcome run = outcome.runs().get(i);
                cases.add(new Judgement.Case(verdict(run, work.expected().get(i)), Optional.of(run), Optional.empty()));
            } else {
                cases.add(Judgement.Case.SKIPPED);
            }
        }
        return judgement(turn, outcome, cases, Judgement.overall(cases));
    }

    /** Of a case without interactor. */
    static Verdict verdict(StageOutcome run, Optional<Expectation> expected) {
        Verdict ended = Verdict.of(run.status());
        return ended == Verdict.ACCEPTED
                        && !expected.map(one -> one.met(run.stdout())).orElse(true)
                ? Verdict.WRONG_ANSWER
                : ended;
    }

    /** Of the program; when it did not compile, or there was nothing to judge, that is what counts. */
    static Judgement judgement(Turn turn, JobOutcome outcome, List<Judgement.Case> cases, Verdict overall) {
        Verdict compiled = outcome.compile()
                .map(stage -> Verdict.ofCompiling(stage.status()))
                .orElse(Verdict.ACCEPTED);
        Verdict whole = compiled != Verdict.ACCEPTED
                ? compiled
                : outcome.runs().isEmpty() && overall == Verdict.ACCEPTED ? Verdict.INTERNAL_ERROR : overall;
        return new Judgement(
                whole,
                outcome.compile(),
                cases,
                Optional.of(outcome.place()),
                turn.trust(),
                turn.waited(),
                outcome.total(),
                "");
    }
}
