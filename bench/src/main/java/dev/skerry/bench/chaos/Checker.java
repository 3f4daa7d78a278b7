package dev.skerry.bench.chaos;

import dev.skerry.bench.chaos.Journal.Call;
import dev.skerry.bench.chaos.Journal.Fault;
import dev.skerry.bench.chaos.Journal.Grant;
import dev.skerry.bench.chaos.Journal.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says what of a run must not be. It sees the journal and the facts, and asks nobody. */
final class Checker {
    /** No call may take longer, whatever was done meanwhile. */
    static final long CALL_MILLIS_MAX = 90_000;

    /** How early a sandbox may expire by a clock that is not the database's. */
    private static final long CLOCK_MILLIS = 100;

    private final Journal journal;
    private final Facts facts;
    private final List<Violation> violations = new ArrayList<>();

    private Checker(Journal journal, Facts facts) {
        this.journal = journal;
        this.facts = facts;
    }

    /** Which promise was broken. */
    enum Rule {
        /** A sandbox whose create was answered is not there, or has ended without anybody having ended it. */
        LOST,
        /** Something is on the host that no sandbox has. */
        LEAKED,
        /** A sandbox that ended has no terminal event, or several, or one that lives has one. */
        TERMINAL_EVENT,
        /** A sandbox whose end was answered lives. */
        UNDEAD,
        /** A fence did not grow, or two had the same. */
        FENCE,
        /** A call was not answered in time. */
        HUNG
    }

    record Violation(Rule rule, String detail) {}

    static List<Violation> check(Journal journal, Facts facts) {
        Checker checker = new Checker(journal, facts);
        checker.created();
        checker.terminalEvents();
        checker.killed();
        checker.host();
        checker.fences();
        checker.calls();
        return List.copyOf(checker.violations);
    }

    private void add(Rule rule, String detail) {
        violations.add(new Violation(rule, detail));
    }

    private void created() {
        Map<String, List<Facts.End>> ends = facts.ends().stream().collect(Collectors.groupingBy(Facts.End::sandbox));
        for (String id : succeeded(Operation.CREATE)) {
            Facts.Row row = facts.rows().get(id);
            if (row == null) {
                add(Rule.LOST, id + ": its create was answered, and it is not in the database");
            } else if (row.live()) {
                alive(id);
            } else {
                ends.getOrDefault(id, List.of()).forEach(end -> explained(end, row));
            }
        }
    }

    private void alive(String id) {
        if (!facts.listed().contains(id)) {
            add(Rule.LOST, id + ": it lives in the database, and the API does not list it");
        }
        String probe = facts.probes().getOrDefault(id, "");
        if (!probe.isEmpty()) {
            add(Rule.LOST, id + ": " + probe);
        }
    }

    /** Nothing ends that nobody has ended. */
    private void explained(Facts.End end, Facts.Row row) {
        boolean explained =
                switch (end.detail().split(":", 2)[0]) {
                    case "REQUESTED" -> asked(Operation.KILL, end);
                    case "EXPIRED" -> end.at() >= row.endsAt() - CLOCK_MILLIS;
                    case "EXITED", "FAILED" -> hit(end);
                    default -> false;
                };
        if (!explained) {
            add(Rule.LOST, end.sandbox() + ": it ended without anybody having ended it: '" + end.detail() + "'");
        }
    }

    private boolean asked(Operation operation, Facts.End end) {
        return journal.calls().stream()
                .anyMatch(call -> call.operation() == operation
                        && call.sandbox().filter(end.sandbox()::equals).isPresent()
                        && call.began() <= end.at() + CLOCK_MILLIS);
    }

    private boolean hit(Facts.End end) {
        return journal.faults().stream()
                .anyMatch(fault -> fault.kind().endsItsSandbox()
                        && fault.sandbox().filter(end.sandbox()::equals).isPresent()
                        && fault.began() <= end.at() + CLOCK_MILLIS);
    }

    private void terminalEvents() {
        Map<String, Long> counts =
                facts.ends().stream().collect(Collectors.groupingBy(Facts.End::sandbox, Collectors.counting()));
        facts.rows().forEach((id, row) -> {
            long count = counts.getOrDefault(id, 0L);
            if (count != (row.live() ? 0 : 1)) {
                add(
                        Rule.TERMINAL_EVENT,
                        id + ": " + count + " terminal events, and it " + (row.live() ? "lives" : "has ended"));
            }
        });
        facts.ends().stream()
                .filter(end -> end.detail().isBlank())
                .forEach(end -> add(Rule.TERMINAL_EVENT, end.sandbox() + ": a terminal event without a cause"));
        counts.keySet().stream()
                .filter(id -> !facts.rows().containsKey(id))
                .forEach(id -> add(Rule.TERMINAL_EVENT, id + ": a terminal event of a sandbox that never was"));
    }

    private void killed() {
        for (String id : succeeded(Operation.KILL)) {
            Facts.Row row = facts.rows().get(id);
            if ((row != null && row.live()) || facts.listed().contains(id)) {
                add(Rule.UNDEAD, id + ": its end was answered, and it is " + (row == null ? "listed" : row.state()));
            }
        }
    }

    private Set<String> succeeded(Operation operation) {
        return journal.calls().stream()
                .filter(call -> call.operation() == operation && call.succeeded())
                .flatMap(call -> call.sandbox().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void host() {
        facts.missing().stream().sorted().forEach(thing -> add(Rule.LOST, "not on the host: " + thing));
        facts.left().stream().sorted().forEach(thing -> add(Rule.LEAKED, thing));
        facts.leftAtTheEnd().stream().sorted().forEach(thing -> add(Rule.LEAKED, "after all had ended: " + thing));
    }

    private void fences() {
        Map<String, Grant> last = new HashMap<>();
        for (Grant grant : journal.grants()) {
            Grant before = last.put(grant.lease(), grant);
            // Whoever gives a lease up leaves its number behind, without a name.
            boolean givenUp = before != null && grant.owner().isEmpty() && grant.fence() == before.fence();
            if (before != null && !givenUp && grant.fence() <= before.fence()) {
                add(Rule.FENCE, grant.lease() + ": " + before + ", then " + grant);
            }
        }
    }

    private void calls() {
        journal.calls().stream()
                .filter(call -> call.ended() - call.began() > CALL_MILLIS_MAX
                        || call.detail().contains(Journal.NO_ANSWER))
                .forEach(call -> add(Rule.HUNG, call.toString()));
    }

    /** How many calls of each kind there were, and how they ended. */
    static Map<String, Long> outcomes(Journal journal) {
        Function<Call, String> outcome = call ->
                call.operation() + " " + (call.status() == 0 ? "without an answer" : Integer.toString(call.status()));
        return journal.calls().stream()
                .collect(Collectors.groupingBy(outcome, java.util.TreeMap::new, Collectors.counting()));
    }

    /** How many faults of each kind there were. */
    static Map<FaultKind, Long> faults(Journal journal) {
        return journal.faults().stream()
                .collect(Collectors.groupingBy(Fault::kind, java.util.TreeMap::new, Collectors.counting()));
    }
}
