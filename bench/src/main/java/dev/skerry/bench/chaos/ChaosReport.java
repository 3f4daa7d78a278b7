package dev.skerry.bench.chaos;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Report;
import dev.skerry.bench.chaos.Checker.Rule;
import dev.skerry.bench.chaos.Journal.Call;
import dev.skerry.bench.chaos.Journal.Fault;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes down what a run came to: counts, violations, and how long clients had to wait. */
final class ChaosReport {
    private final ChaosSettings settings;
    private final ChaosRun.Outcome outcome;
    private final Map<String, String> facts;

    /** @param machine facts about the machine */
    ChaosReport(ChaosSettings settings, ChaosRun.Outcome outcome, Map<String, String> machine) {
        this.settings = settings;
        this.outcome = outcome;
        this.facts = new LinkedHashMap<>(machine);
    }

    /** Its table. */
    String write() throws IOException {
        facts.put("seed", Long.toString(settings.seed()));
        facts.put("sandboxes at a time", Integer.toString(settings.live()));
        facts.put("clients at a time", Integer.toString(settings.clients()));
        facts.put("seconds from the first fault to the last", String.format(Locale.ROOT, "%.0f", outcome.seconds()));
        facts.put("faults", Integer.toString(outcome.journal().faults().size()));
        Checker.faults(outcome.journal())
                .forEach((kind, count) -> facts.put("faults: " + kind.words(), Long.toString(count)));
        facts.put("calls", Integer.toString(outcome.journal().calls().size()));
        Checker.outcomes(outcome.journal()).forEach((what, count) -> facts.put("calls: " + what, Long.toString(count)));
        facts.put("leases given", Integer.toString(outcome.journal().grants().size()));
        for (Rule rule : Rule.values()) {
            long count = outcome.violations().stream()
                    .filter(violation -> violation.rule() == rule)
                    .count();
            facts.put("violations: " + rule, Long.toString(count));
        }
        outcome.violations().forEach(violation -> facts.put(violation.toString(), "see above"));
        Report report = new Report(facts);
        answers().ifPresent(report::add);
        outages().ifPresent(report::add);
        report.write(settings.output(), settings.name());
        return report.markdown();
    }

    private java.util.Optional<Contest.Result> answers() {
        Map<String, List<Double>> millis = new TreeMap<>();
        for (Call call : outcome.journal().calls()) {
            millis.computeIfAbsent(call.operation() + (call.succeeded() ? "" : ", in vain"), _ -> new ArrayList<>())
                    .add((double) (call.ended() - call.began()));
        }
        return result("a client waited for its answer", millis);
    }

    /** Each belongs to the last fault that began before its end. */
    private java.util.Optional<Contest.Result> outages() {
        Map<String, List<Double>> millis = new TreeMap<>();
        for (Watch.Outage outage : outcome.outages()) {
            String why = outcome.journal().faults().stream()
                    .filter(fault -> fault.began() <= outage.began())
                    .max(Comparator.comparingLong(Fault::began))
                    .map(fault -> fault.kind().name())
                    .orElse("none");
            millis.computeIfAbsent(why, _ -> new ArrayList<>()).add((double) (outage.ended() - outage.began()));
        }
        return result("no server answered, by the last fault before", millis);
    }

    private static java.util.Optional<Contest.Result> result(String title, Map<String, List<Double>> values) {
        Map<String, Distribution> sides = new LinkedHashMap<>();
        values.forEach((side, all) -> sides.put(side, new Distribution("ms", all)));
        return sides.isEmpty() ? java.util.Optional.empty() : java.util.Optional.of(new Contest.Result(title, sides));
    }
}
