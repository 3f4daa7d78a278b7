package dev.skerry.server.jobs;

import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What became of a job.
 *
 * @param verdict of the first case that was not accepted; of none: accepted
 * @param compile empty when there was nothing to compile
 * @param place empty when it came to none
 * @param waited in the queue
 * @param total from the beginning of its turn
 * @param message what went wrong, for a reader; empty: nothing
 */
public record Judgement(
        Verdict verdict,
        Optional<StageOutcome> compile,
        List<Case> cases,
        Optional<JobPlace> place,
        TrustPolicy.Decision trust,
        Duration waited,
        Duration total,
        String message) {
    public Judgement {
        cases = List.copyOf(cases);
    }

    /**
     * Of one case.
     *
     * @param run empty: it was not run
     * @param interactor how that ended, where there is one
     */
    public record Case(Verdict verdict, Optional<StageOutcome> run, Optional<StageOutcome> interactor) {
        static final Case SKIPPED = new Case(Verdict.SKIPPED, Optional.empty(), Optional.empty());
    }

    /** The first that counts. */
    static Verdict overall(List<Case> cases) {
        return cases.stream()
                .map(Case::verdict)
                .filter(verdict -> verdict != Verdict.ACCEPTED && verdict != Verdict.SKIPPED)
                .findFirst()
                .orElse(Verdict.ACCEPTED);
    }

    Judgement because(String why) {
        return new Judgement(verdict, compile, cases, place, trust, waited, total, why);
    }

    int passed() {
        return (int)
                cases.stream().filter(one -> one.verdict() == Verdict.ACCEPTED).count();
    }
}
