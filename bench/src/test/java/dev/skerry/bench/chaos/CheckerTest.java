package dev.skerry.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.bench.chaos.Checker.Rule;
import dev.skerry.bench.chaos.Checker.Violation;
import dev.skerry.bench.chaos.Journal.Call;
import dev.skerry.bench.chaos.Journal.Fault;
import dev.skerry.bench.chaos.Journal.Grant;
import dev.skerry.bench.chaos.Journal.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A run in which all was well, and what the checker says of it after one thing in it was changed. */
class CheckerTest {
    private static final long BEGAN = 1_000_000;
    private static final String LIVES = "lives";
    private static final String KILLED = "killed";
    private static final String EXPIRED = "expired";
    private static final String HIT = "hit";

    private final Journal journal = new Journal();
    private final Map<String, Facts.Row> rows = new HashMap<>();
    private final List<Facts.End> ends = new ArrayList<>();
    private final Set<String> listed = new HashSet<>();
    private final Map<String, String> probes = new HashMap<>();
    private final Set<String> missing = new HashSet<>();
    private final Set<String> left = new HashSet<>();
    private final Set<String> leftAtTheEnd = new HashSet<>();

    @BeforeEach
    void allIsWell() {
        for (String id : List.of(LIVES, KILLED, EXPIRED, HIT)) {
            call(Operation.CREATE, id, 201);
        }
        rows.put(LIVES, new Facts.Row(true, "RUNNING", "", BEGAN + 3_600_000));
        listed.add(LIVES);
        probes.put(LIVES, "");
        call(Operation.KILL, KILLED, 204);
        ended(KILLED, "REQUESTED", BEGAN + 50, BEGAN + 3_600_000);
        ended(EXPIRED, "EXPIRED", BEGAN + 20_010, BEGAN + 20_000);
        fault(FaultKind.SHIM_KILLED, HIT);
        ended(HIT, "FAILED: the shim ended without a record", BEGAN + 60, BEGAN + 3_600_000);
        grant("a", 1);
        grant("b", 2);
        grant("", 2);
        grant("a", 3);
    }

    private void call(Operation operation, String id, int status) {
        journal.add(new Call("client-1", operation, Optional.of(id), BEGAN, BEGAN + 10, status, ""));
    }

    private void fault(FaultKind kind, String id) {
        journal.add(new Fault(1, kind, Optional.of(id), BEGAN, BEGAN + 1, ""));
    }

    private void grant(String owner, long fence) {
        journal.add(new Grant(BEGAN, "host:local", owner, fence));
    }

    private void ended(String id, String detail, long at, long endsAt) {
        rows.put(id, new Facts.Row(false, "STOPPED", detail.split(":", 2)[0], endsAt));
        ends.add(new Facts.End(id, at, detail));
    }

    private List<Violation> check() {
        return Checker.check(journal, new Facts(rows, ends, listed, probes, missing, left, leftAtTheEnd));
    }

    private void expect(Rule rule, String words) {
        List<Violation> found = check();
        assertThat(found).extracting(Violation::rule).containsOnly(rule);
        assertThat(found).extracting(Violation::detail).anyMatch(detail -> detail.contains(words));
    }

    @Test
    void nothingIsWrongWithWhatWasWell() {
        assertThat(check()).isEmpty();
    }

    @Test
    void aSandboxThatIsNotInTheDatabaseIsLost() {
        rows.remove(LIVES);
        listed.clear();
        expect(Rule.LOST, LIVES);
    }

    @Test
    void aSandboxThatIsNotListedIsLost() {
        listed.clear();
        expect(Rule.LOST, "does not list it");
    }

    @Test
    void aSandboxWhoseMemoryIsGoneIsLost() {
        probes.put(LIVES, "it should have said 'abc'");
        expect(Rule.LOST, "abc");
    }

    @Test
    void aSandboxWithoutItsProcessesIsLost() {
        missing.add("process of lives.1");
        expect(Rule.LOST, "process of lives.1");
    }

    @Test
    void aSandboxThatSaysOfItselfThatItFailedIsLostUnlessItWasHit() {
        call(Operation.CREATE, "failed", 201);
        ended("failed", "FAILED: the shim ended without a record", BEGAN + 60, BEGAN + 3_600_000);
        expect(Rule.LOST, "failed");
        fault(FaultKind.GUESTD_STOPPED, "failed");
        expect(Rule.LOST, "failed");
        fault(FaultKind.GUESTD_KILLED, "failed");
        assertThat(check()).isEmpty();
    }

    @Test
    void aSandboxThatNobodyAskedToEndIsLost() {
        call(Operation.CREATE, "other", 201);
        ended("other", "REQUESTED", BEGAN + 60, BEGAN + 3_600_000);
        expect(Rule.LOST, "other");
    }

    @Test
    void aSandboxThatExpiresTooEarlyIsLost() {
        call(Operation.CREATE, "hasty", 201);
        ended("hasty", "EXPIRED", BEGAN + 10_000, BEGAN + 20_000);
        expect(Rule.LOST, "hasty");
    }

    @Test
    void aSandboxThatEndsForAReasonThatNobodyMayHaveIsLost() {
        call(Operation.CREATE, "far", 201);
        ended("far", "HOST_LOST", BEGAN + 60, BEGAN + 3_600_000);
        expect(Rule.LOST, "HOST_LOST");
    }

    @Test
    void aCreateThatWasNotAnsweredNeedNotBeThere() {
        journal.add(new Call("client-1", Operation.CREATE, Optional.empty(), BEGAN, BEGAN + 10, 0, "reset"));
        journal.add(new Call("client-1", Operation.CREATE, Optional.empty(), BEGAN, BEGAN + 10, 503, "later"));
        assertThat(check()).isEmpty();
    }

    @Test
    void aSecondTerminalEventIsFound() {
        ends.add(new Facts.End(KILLED, BEGAN + 70, "REQUESTED"));
        expect(Rule.TERMINAL_EVENT, "2 terminal events");
    }

    @Test
    void anEndWithoutATerminalEventIsFound() {
        ends.removeIf(end -> end.sandbox().equals(KILLED));
        expect(Rule.TERMINAL_EVENT, "0 terminal events");
    }

    @Test
    void aTerminalEventOfOneThatLivesIsFound() {
        ends.add(new Facts.End(LIVES, BEGAN + 70, "REQUESTED"));
        expect(Rule.TERMINAL_EVENT, "it lives");
    }

    @Test
    void aTerminalEventWithoutACauseIsFound() {
        rows.put("unseen", new Facts.Row(false, "STOPPED", "", BEGAN));
        ends.add(new Facts.End("unseen", BEGAN + 70, ""));
        expect(Rule.TERMINAL_EVENT, "without a cause");
    }

    @Test
    void aSandboxThatLivesAfterItsEndWasAnsweredIsFound() {
        call(Operation.KILL, LIVES, 204);
        expect(Rule.UNDEAD, LIVES);
    }

    @Test
    void whatIsLeftOnTheHostIsFound() {
        left.add("group killed.1");
        expect(Rule.LEAKED, "group killed.1");
        left.clear();
        leftAtTheEnd.add("loop device lives");
        expect(Rule.LEAKED, "loop device lives");
    }

    @Test
    void aFenceThatIsGivenTwiceIsFound() {
        grant("b", 3);
        expect(Rule.FENCE, "host:local");
    }

    @Test
    void aFenceThatFallsIsFound() {
        grant("b", 2);
        expect(Rule.FENCE, "host:local");
    }

    @Test
    void aCallThatIsNotAnsweredIsFound() {
        journal.add(new Call(
                "client-1",
                Operation.EXEC,
                Optional.of(LIVES),
                BEGAN,
                BEGAN + 60_000,
                0,
                Journal.NO_ANSWER + " within 60000 ms"));
        expect(Rule.HUNG, LIVES);
    }

    @Test
    void aCallThatIsAnsweredTooLateIsFound() {
        journal.add(new Call(
                "client-1", Operation.LIST, Optional.empty(), BEGAN, BEGAN + Checker.CALL_MILLIS_MAX + 1, 200, ""));
        expect(Rule.HUNG, "LIST");
    }
}
