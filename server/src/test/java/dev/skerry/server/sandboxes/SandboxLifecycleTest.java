package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SandboxLifecycleTest {
    private static final Instant NOW = Samples.NOON.plusSeconds(10);
    private static final Instant END = Samples.NOON.plusSeconds(300);

    private static Sandbox in(Lifetime lifetime, SandboxState state) {
        Sandbox fresh = Samples.fresh(lifetime);
        return new Sandbox(
                fresh.id(), fresh.tenant(), 7, 3, fresh.config(), fresh.createdAt(), END, state, fresh.why());
    }

    private static SandboxState running() {
        return new SandboxState.Running(SimulatedHost.ID, Isolation.CONTAINER, Samples.NOON);
    }

    private static SandboxState paused(PauseKind kind) {
        return new SandboxState.Paused(SimulatedHost.ID, Isolation.CONTAINER, kind, Samples.NOON);
    }

    private static SandboxState pausing(PauseKind kind) {
        return new SandboxState.Pausing(SimulatedHost.ID, Isolation.CONTAINER, kind, NOW);
    }

    private static SandboxState resuming(PauseKind from) {
        return new SandboxState.Resuming(SimulatedHost.ID, Isolation.CONTAINER, from, NOW);
    }

    private static SandboxState stopping() {
        return new SandboxState.Stopping(SimulatedHost.ID, Cause.EXPIRED, "", NOW);
    }

    private static List<SandboxState> unfinished() {
        List<SandboxState> states =
                new ArrayList<>(List.of(new SandboxState.Starting(SimulatedHost.ID, NOW), running()));
        for (PauseKind kind : PauseKind.values()) {
            states.addAll(List.of(pausing(kind), paused(kind), resuming(kind)));
        }
        return states;
    }

    private static Decision decide(Sandbox sandbox, LifecycleEvent event, Instant now) {
        return SandboxLifecycle.decide(sandbox, event, now, Samples.ASKED.origin());
    }

    private static Sandbox changed(Sandbox sandbox, LifecycleEvent event) {
        return changed(sandbox, event, NOW).sandbox();
    }

    private static Decision.Changed changed(Sandbox sandbox, LifecycleEvent event, Instant now) {
        Decision decision = decide(sandbox, event, now);
        assertThat(decision).isInstanceOf(Decision.Changed.class);
        Decision.Changed changed = (Decision.Changed) decision;
        assertThat(changed.sandbox().revision()).isEqualTo(sandbox.revision() + 1);
        return changed;
    }

    private static Note note(SandboxState state, LifecycleEvent event) {
        return changed(in(Samples.PAUSES, state), event, NOW.plusSeconds(60))
                .notes()
                .getFirst();
    }

    @Test
    void whatFailsIsInTheHistoryWithItsCause() {
        Origin asked = Samples.fresh(Lifetime.ENDS).why().origin();
        Note note = note(pausing(PauseKind.MEMORY), new LifecycleEvent.PauseFailed("no"));
        assertThat(note)
                .isEqualTo(new Note(
                        SandboxEvent.Kind.PAUSE_FAILED, NOW.plusSeconds(60), "no", new Why(Cause.HOST_FAILED, asked)));
        assertThat(note(pausing(PauseKind.MEMORY), new LifecycleEvent.DeadlinePassed())
                        .why()
                        .cause())
                .isEqualTo(Cause.TOO_LATE);
        for (PauseKind kind : PauseKind.values()) {
            Note failed = note(resuming(kind), new LifecycleEvent.ResumeFailed("no"));
            assertThat(failed.kind()).isEqualTo(SandboxEvent.Kind.RESUME_FAILED);
            assertThat(failed.why().cause()).isEqualTo(Cause.HOST_FAILED);
        }
    }

    @Test
    void whatIsBeingEndedIsSoForTheReasonThatItWas() {
        Sandbox stopping = changed(in(Lifetime.ENDS, running()), new LifecycleEvent.KillAsked());
        assertThat(stopping.why()).isEqualTo(Samples.ASKED);
        Sandbox again = changed(stopping, new LifecycleEvent.DeadlinePassed(), NOW.plusSeconds(60))
                .sandbox();
        assertThat(again.why()).isEqualTo(Samples.ASKED);
        assertThat(changed(again, new LifecycleEvent.Destroyed()).why()).isEqualTo(Samples.ASKED);
        Sandbox onDisk = in(Lifetime.ENDS, paused(PauseKind.DISK));
        assertThat(changed(onDisk, new LifecycleEvent.DiskLost()).why().cause()).isEqualTo(Cause.DISK_LOST);
    }

    private static ErrorCode refused(Sandbox sandbox, LifecycleEvent event) {
        Decision decision = decide(sandbox, event, NOW);
        assertThat(decision).isInstanceOf(Decision.Refused.class);
        return ((Decision.Refused) decision).code();
    }

    @Test
    void oneIsKilledInWhateverStateItIs() {
        for (SandboxState state : unfinished()) {
            Decision.Changed killed = changed(in(Lifetime.ENDS, state), new LifecycleEvent.KillAsked(), NOW);
            assertThat(killed.sandbox().state()).isInstanceOf(SandboxState.Stopping.class);
            assertThat(killed.effects())
                    .containsExactly(
                            new Effect.Destroy(killed.sandbox().incarnation(), Duration.ZERO),
                            new Effect.DiscardDisk(killed.sandbox().id()));
        }
        assertThat(decide(in(Lifetime.ENDS, stopping()), new LifecycleEvent.KillAsked(), NOW))
                .isEqualTo(new Decision.Unchanged());
    }

    @Test
    void everyTransitionHasADeadlineAndLeavesItsStateThen() {
        List<SandboxState> states = unfinished();
        states.add(stopping());
        for (SandboxState state : states) {
            Sandbox sandbox = in(Lifetime.ENDS, state);
            if (Effects.completion(state, Isolation.CONTAINER, false).isPresent()) {
                assertThat(Effects.alarm(sandbox)).contains(NOW);
                assertThat(decide(sandbox, new LifecycleEvent.DeadlinePassed(), NOW.minusMillis(1)))
                        .isEqualTo(new Decision.Unchanged());
                assertThat(changed(sandbox, new LifecycleEvent.DeadlinePassed()).state())
                        .isNotEqualTo(state);
            }
        }
    }

    @Test
    void itsTimeCountsFromTheMomentItRuns() {
        Sandbox fresh = Samples.fresh(Lifetime.ENDS);
        Decision.Changed started = changed(fresh, new LifecycleEvent.Started(Isolation.GVISOR, false), NOW);
        assertThat(started.sandbox().endsAt()).isEqualTo(NOW.plusSeconds(300));
        assertThat(started.effects())
                .containsExactly(new Effect.SetDeadline(
                        fresh.incarnation(), new Deadline(NOW.plusSeconds(302), AtDeadline.KILL)));
        Sandbox resuming = changed(
                in(Lifetime.ENDS, paused(PauseKind.MEMORY)),
                new LifecycleEvent.ResumeAsked(Duration.ofSeconds(9), Cause.REQUESTED));
        assertThat(changed(resuming, new LifecycleEvent.Extended(Duration.ofSeconds(20), Cause.REQUESTED), NOW)
                        .effects())
                .isEmpty();
        Instant later = NOW.plusSeconds(3);
        assertThat(changed(resuming, new LifecycleEvent.Resumed(Isolation.CONTAINER), later)
                        .sandbox()
                        .endsAt())
                .isEqualTo(later.plusSeconds(9));
    }

    @Test
    void aRenewalAtTheInstantOfExpiryWinsOrComesTooLate() {
        Sandbox sandbox = in(Lifetime.ENDS, running());
        Sandbox renewed = changed(sandbox, new LifecycleEvent.Renewed(Duration.ofSeconds(1)), END)
                .sandbox();
        assertThat(decide(renewed, new LifecycleEvent.Expired(), END)).isEqualTo(new Decision.Unchanged());
        Sandbox expired = changed(sandbox, new LifecycleEvent.Expired(), END).sandbox();
        assertThat(refused(expired, new LifecycleEvent.Renewed(Duration.ofSeconds(1))))
                .isEqualTo(ErrorCode.CONFLICT);
    }

    @Test
    void anExtensionNeverShortensAndARenewalMay() {
        Sandbox sandbox = in(Lifetime.ENDS, running());
        assertThat(decide(sandbox, new LifecycleEvent.Extended(Duration.ofSeconds(290), Cause.REQUESTED), NOW))
                .isEqualTo(new Decision.Unchanged());
        assertThat(changed(sandbox, new LifecycleEvent.Renewed(Duration.ofSeconds(1)))
                        .endsAt())
                .isEqualTo(NOW.plusSeconds(1));
    }

    @Test
    void atItsEndItDoesWhatWasAgreed() {
        assertThat(changed(in(Lifetime.ENDS, running()), new LifecycleEvent.Expired(), END)
                        .sandbox()
                        .state())
                .isInstanceOf(SandboxState.Stopping.class);
        for (Lifetime lifetime : List.of(Samples.PAUSES, Samples.PAUSES_TO_DISK)) {
            Sandbox next = changed(in(lifetime, running()), new LifecycleEvent.Expired(), END)
                    .sandbox();
            assertThat(((SandboxState.Pausing) next.state()).kind()).isEqualTo(lifetime.pauseKind());
        }
    }

    @Test
    void whileItIsPausedItsHostMayFreezeButNotKillIt() {
        Decision.Changed pausing =
                changed(in(Lifetime.ENDS, running()), new LifecycleEvent.PauseAsked(PauseKind.MEMORY), NOW);
        assertThat(pausing.effects())
                .containsExactly(
                        new Effect.SetDeadline(
                                pausing.sandbox().incarnation(), new Deadline(END.plusSeconds(2), AtDeadline.FREEZE)),
                        new Effect.Freeze(pausing.sandbox().incarnation()));
    }

    @Test
    void aColdStartIsANewIncarnationAndTheOldOneIsGoneByThen() {
        Sandbox frozen = in(Lifetime.ENDS, paused(PauseKind.MEMORY));
        Decision.Changed cold = changed(frozen, new LifecycleEvent.ColdAsked(), NOW);
        assertThat(cold.effects()).containsExactly(new Effect.Destroy(frozen.incarnation(), SandboxLifecycle.GRACE));
        Sandbox onDisk = changed(cold.sandbox(), new LifecycleEvent.Paused());
        Decision.Changed resuming =
                changed(onDisk, new LifecycleEvent.ResumeAsked(Duration.ofSeconds(9), Cause.REQUESTED), NOW);
        assertThat(resuming.sandbox().generation()).isEqualTo(frozen.generation() + 1);
        assertThat(resuming.effects().getFirst()).isEqualTo(new Effect.Destroy(frozen.incarnation(), Duration.ZERO));
        assertThat(resuming.effects().getLast()).isInstanceOf(Effect.StartOn.class);
    }

    @Test
    void whatCannotBeResumedIsStillPaused() {
        Sandbox frozen = changed(in(Lifetime.ENDS, resuming(PauseKind.MEMORY)), new LifecycleEvent.ResumeFailed(""));
        assertThat(frozen.state()).isInstanceOf(SandboxState.Paused.class);
        Sandbox onDisk = changed(in(Lifetime.ENDS, resuming(PauseKind.DISK)), new LifecycleEvent.ResumeFailed(""));
        assertThat(changed(onDisk, new LifecycleEvent.Paused()).state()).isInstanceOf(SandboxState.Paused.class);
    }

    @Test
    void whatCannotBePausedRunsOnEvenIfItsTimeIsOver() {
        Sandbox sandbox = in(Samples.PAUSES, pausing(PauseKind.MEMORY));
        Decision.Changed running = changed(sandbox, new LifecycleEvent.PauseFailed(""), END);
        assertThat(running.sandbox().state()).isInstanceOf(SandboxState.Running.class);
        assertThat(running.sandbox().endsAt()).isAfter(END);
        assertThat(running.effects()).contains(new Effect.Thaw(sandbox.incarnation()));
    }

    @Test
    void theEndOfAnEarlierIncarnationMeansNothing() {
        SandboxEnd end = new SandboxEnd(SandboxEnd.Cause.OUT_OF_MEMORY, "");
        for (SandboxState state : unfinished()) {
            assertThat(decide(in(Lifetime.ENDS, state), new LifecycleEvent.HostEnded(2, end), NOW))
                    .isEqualTo(new Decision.Unchanged());
        }
        SandboxState.Stopping stopping =
                (SandboxState.Stopping) changed(in(Lifetime.ENDS, running()), new LifecycleEvent.HostEnded(3, end))
                        .state();
        assertThat(stopping.reason()).isEqualTo(Cause.OUT_OF_MEMORY);
    }

    @Test
    void oneThatIsOnlyADiskDoesNotEndWithItsIncarnation() {
        SandboxEnd end = new SandboxEnd(SandboxEnd.Cause.DESTROYED, "");
        for (SandboxState state : List.of(pausing(PauseKind.DISK), paused(PauseKind.DISK))) {
            assertThat(decide(in(Lifetime.ENDS, state), new LifecycleEvent.HostEnded(3, end), NOW))
                    .isEqualTo(new Decision.Unchanged());
        }
    }

    @Test
    void itEndsOnceAndThenNothingHappensToIt() {
        Decision.Changed ended = changed(in(Lifetime.ENDS, stopping()), new LifecycleEvent.Destroyed(), NOW);
        assertThat(ended.notes()).extracting(Note::kind).containsExactly(SandboxEvent.Kind.ENDED);
        assertThat(decide(ended.sandbox(), new LifecycleEvent.Destroyed(), NOW)).isEqualTo(new Decision.Unchanged());
        assertThat(refused(ended.sandbox(), new LifecycleEvent.KillAsked())).isEqualTo(ErrorCode.NOT_FOUND);
    }

    @Test
    void aFrozenOneThatShouldRunIsThawedUnlessItsTimeWasOver() {
        Sandbox sandbox = in(Samples.PAUSES, running());
        assertThat(decide(sandbox, new LifecycleEvent.HostFrozen(3), NOW)).isInstanceOf(Decision.Repeated.class);
        assertThat(changed(sandbox, new LifecycleEvent.HostFrozen(3), END)
                        .sandbox()
                        .state())
                .isInstanceOf(SandboxState.Paused.class);
    }
}
