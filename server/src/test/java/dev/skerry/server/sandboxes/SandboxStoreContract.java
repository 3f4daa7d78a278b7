package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store does. */
abstract class SandboxStoreContract {
    private static final SandboxQuery ALL = query(Map.of(), Set.of(), true, 100, Optional.empty());

    private SandboxStore store;

    /** An empty one. */
    abstract SandboxStore open() throws Exception;

    @BeforeEach
    void openStore() throws Exception {
        store = open();
    }

    private static SandboxQuery query(
            Map<String, String> metadata,
            Set<SandboxQuery.Visible> states,
            boolean newestFirst,
            int limit,
            Optional<String> after) {
        return new SandboxQuery(metadata, states, Optional.empty(), Optional.empty(), newestFirst, limit, after);
    }

    private static Sandbox sandbox(
            TenantId tenant, Instant createdAt, SandboxState state, Map<String, String> metadata) {
        return new Sandbox(
                Samples.id(createdAt),
                tenant,
                1,
                1,
                Samples.config(Samples.PAUSES, metadata),
                createdAt,
                createdAt.plusSeconds(300),
                state,
                Samples.ASKED);
    }

    private static SandboxState running(Instant since) {
        return new SandboxState.Running(SimulatedHost.ID, Isolation.CONTAINER, since);
    }

    private Sandbox insert(Sandbox sandbox) {
        assertThat(store.insert(sandbox, Optional.empty(), List.of(created(sandbox))))
                .isEmpty();
        return sandbox;
    }

    private static Note created(Sandbox sandbox) {
        return new Note(SandboxEvent.Kind.CREATED, sandbox.createdAt(), "", Samples.ASKED);
    }

    private static Sandbox next(Sandbox sandbox, SandboxState state) {
        return new Sandbox(
                sandbox.id(),
                sandbox.tenant(),
                sandbox.revision() + 1,
                sandbox.generation() + 1,
                sandbox.config(),
                sandbox.createdAt(),
                sandbox.endsAt().plusSeconds(1),
                state,
                Samples.ASKED);
    }

    private Sandbox stop(Sandbox sandbox) {
        Instant end = sandbox.endsAt();
        Sandbox stopped = next(sandbox, new SandboxState.Stopped(Cause.EXPIRED, "", end));
        assertThat(store.replace(
                        stopped, List.of(new Note(SandboxEvent.Kind.ENDED, end, "EXPIRED", Why.of(Cause.EXPIRED)))))
                .isTrue();
        return stopped;
    }

    @Test
    void everyStateComesBackAsItWas() {
        Instant at = Instant.parse("2026-03-01T12:00:00.123456Z");
        List<SandboxState> states = new ArrayList<>(List.of(
                new SandboxState.Starting(SimulatedHost.ID, at),
                running(at),
                new SandboxState.Stopping(SimulatedHost.ID, Cause.REQUESTED, "because", at),
                new SandboxState.Stopped(Cause.OUT_OF_MEMORY, "too \"much\" – of it", at)));
        for (PauseKind kind : PauseKind.values()) {
            states.add(new SandboxState.Pausing(SimulatedHost.ID, Isolation.GVISOR, kind, at));
            states.add(new SandboxState.Paused(SimulatedHost.ID, Isolation.GVISOR, kind, at));
            states.add(new SandboxState.Resuming(SimulatedHost.ID, Isolation.GVISOR, kind, at));
        }
        for (SandboxState state : states) {
            Sandbox sandbox = insert(sandbox(Samples.TENANT, at, running(at), Map.of("k", "v", "", "ä\n'")));
            Sandbox changed = next(sandbox, state);
            assertThat(store.replace(changed, List.of())).isTrue();
            assertThat(store.get(sandbox.id())).contains(changed);
        }
    }

    @Test
    void whyAndOnWhoseBehalfIsKept() {
        Sandbox sandbox = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()));
        stop(sandbox);
        assertThat(store.events(Samples.TENANT, sandbox.id()))
                .extracting(SandboxEvent::why)
                .containsExactly(Samples.ASKED, Why.of(Cause.EXPIRED));
        assertThat(store.get(sandbox.id()).orElseThrow().why()).isEqualTo(Samples.ASKED);
    }

    @Test
    void eventsAreFoundByWhatIsKnownOfThem() {
        Sandbox first = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()));
        Sandbox second = insert(sandbox(Samples.TENANT, Samples.NOON.plusSeconds(1), running(Samples.NOON), Map.of()));
        insert(sandbox(Samples.OTHER, Samples.NOON, running(Samples.NOON), Map.of()));
        stop(first);
        long last = store.eventsAfter(Samples.TENANT, 0, 100).getLast().sequence();
        EventPage all = store.find(Samples.TENANT, EventFilter.ALL, 0, 100);
        assertThat(all).isEqualTo(new EventPage(store.eventsAfter(Samples.TENANT, 0, 100), last, last));
        assertThat(store.find(Samples.TENANT, EventFilter.ALL, 0, 1).seen())
                .isEqualTo(all.events().getFirst().sequence());
        assertThat(kinds(Optional.of(second.id()), Set.of(), "")).containsExactly(SandboxEvent.Kind.CREATED);
        assertThat(kinds(Optional.empty(), Set.of(Cause.EXPIRED, Cause.EXITED), ""))
                .containsExactly(SandboxEvent.Kind.ENDED);
        assertThat(kinds(Optional.empty(), Set.of(), "eXpi")).containsExactly(SandboxEvent.Kind.ENDED);
        assertThat(kinds(Optional.empty(), Set.of(), "nul \0")).isEmpty();
        assertThat(kinds(Optional.empty(), Set.of(), "%")).isEmpty();
        EventFilter timed = new EventFilter(
                Optional.empty(),
                Set.of(SandboxEvent.Kind.CREATED),
                Set.of(),
                Optional.of(Samples.ASKED.origin().key()),
                Optional.of(Samples.NOON.plusSeconds(1)),
                Optional.of(Samples.NOON.plusSeconds(2)),
                Optional.empty());
        EventPage page = store.find(Samples.TENANT, timed, 0, 100);
        assertThat(page.events()).extracting(SandboxEvent::id).containsExactly(second.id());
        assertThat(page.seen()).isEqualTo(last);
        assertThat(store.find(Samples.TENANT, timed, page.seen(), 100)).isEqualTo(new EventPage(List.of(), last, last));
    }

    private List<SandboxEvent.Kind> kinds(Optional<SandboxId> sandbox, Set<Cause> causes, String text) {
        EventFilter filter = new EventFilter(
                sandbox,
                Set.of(),
                causes,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(text).filter(some -> !some.isEmpty()));
        return store.find(Samples.TENANT, filter, 0, 100).events().stream()
                .map(SandboxEvent::kind)
                .toList();
    }

    @Test
    void onlyTheRevisionThatWasReadIsReplaced() {
        Sandbox first = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()));
        Sandbox second = next(first, running(Samples.NOON.plusSeconds(1)));
        assertThat(store.replace(second, List.of(new Note(SandboxEvent.Kind.RENEWED, Samples.NOON, "", Samples.ASKED))))
                .isTrue();
        assertThat(store.replace(second, List.of(new Note(SandboxEvent.Kind.PAUSED, Samples.NOON, "", Samples.ASKED))))
                .isFalse();
        assertThat(store.events(Samples.TENANT, first.id()))
                .extracting(SandboxEvent::kind)
                .containsExactly(SandboxEvent.Kind.CREATED, SandboxEvent.Kind.RENEWED);
        Sandbox unknown = sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of());
        assertThat(store.replace(next(unknown, unknown.state()), List.of())).isFalse();
    }

    @Test
    void aKeyIsTakenAsLongAsItsSandboxLives() {
        Sandbox first = sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of("a", "b"));
        assertThat(store.insert(first, Optional.of("key"), List.of())).isEmpty();
        Sandbox second = sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of());
        assertThat(store.insert(second, Optional.of("key"), List.of(created(second))))
                .contains(first);
        assertThat(store.get(second.id())).isEmpty();
        assertThat(store.eventsAfter(Samples.TENANT, 0, 10)).isEmpty();
        Sandbox foreign = sandbox(Samples.OTHER, Samples.NOON, running(Samples.NOON), Map.of());
        assertThat(store.insert(foreign, Optional.of("key"), List.of())).isEmpty();
        assertThat(store.live()).contains(new SandboxStore.Live(first, Optional.of("key")));
        stop(first);
        assertThat(store.insert(second, Optional.of("key"), List.of())).isEmpty();
    }

    @Test
    void ofManyInsertionsWithOneKeyOneIsThere() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Boolean> insertion = () -> store.insert(
                            sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()),
                            Optional.of("one"),
                            List.of())
                    .isEmpty();
            int inserted = 0;
            for (Future<Boolean> one : threads.invokeAll(
                    IntStream.range(0, 16).mapToObj(_ -> insertion).toList())) {
                inserted += one.get() ? 1 : 0;
            }
            assertThat(inserted).isEqualTo(1);
        }
    }

    @Test
    void whatHasEndedIsNotLiveAndNotListedButHasAHistory() {
        Sandbox sandbox = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of("a", "b")));
        stop(sandbox);
        assertThat(store.live()).isEmpty();
        assertThat(store.list(Samples.TENANT, ALL)).isEqualTo(new SandboxPage(List.of(), Optional.empty()));
        assertThat(store.events(Samples.TENANT, sandbox.id())).hasSize(2);
        assertThat(store.events(Samples.OTHER, sandbox.id())).isEmpty();
    }

    @Test
    void theHistoryOfATenantIsReadOn() {
        Sandbox first = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()));
        insert(sandbox(Samples.OTHER, Samples.NOON, running(Samples.NOON), Map.of()));
        stop(first);
        List<SandboxEvent> all = store.eventsAfter(Samples.TENANT, 0, 10);
        assertThat(all).extracting(SandboxEvent::id).containsExactly(first.id(), first.id());
        assertThat(store.eventsAfter(Samples.TENANT, 0, 1)).containsExactly(all.getFirst());
        assertThat(store.eventsAfter(Samples.TENANT, all.getFirst().sequence(), 10))
                .containsExactly(all.getLast());
        assertThat(all.getLast().sequence()).isGreaterThan(all.getFirst().sequence());
    }

    @Test
    void aListIsFiltered() {
        Instant noon = Samples.NOON;
        SandboxState paused = new SandboxState.Paused(SimulatedHost.ID, Isolation.CONTAINER, PauseKind.MEMORY, noon);
        SandboxState stopping = new SandboxState.Stopping(SimulatedHost.ID, Cause.EXPIRED, "", noon);
        Sandbox a = insert(sandbox(Samples.TENANT, noon, running(noon), Map.of("user", "1", "app", "x")));
        Sandbox b = insert(sandbox(Samples.TENANT, noon.plusSeconds(1), paused, Map.of("user", "1")));
        insert(sandbox(Samples.TENANT, noon.plusSeconds(2), stopping, Map.of("user", "1")));
        insert(sandbox(Samples.OTHER, noon, running(noon), Map.of("user", "1")));
        assertThat(store.list(Samples.TENANT, ALL)).isEqualTo(new SandboxPage(List.of(b, a), Optional.empty()));
        assertThat(listed(query(Map.of("user", "1"), Set.of(), false, 100, Optional.empty())))
                .containsExactly(a, b);
        assertThat(listed(query(Map.of("user", "1", "app", "x"), Set.of(), true, 100, Optional.empty())))
                .containsExactly(a);
        // No two entries are mistaken for one another.
        assertThat(listed(query(Map.of("use", "r1"), Set.of(), true, 100, Optional.empty())))
                .isEmpty();
        assertThat(listed(query(Map.of(), Set.of(SandboxQuery.Visible.PAUSED), true, 100, Optional.empty())))
                .containsExactly(b);
        for (String template : List.of("base", "sha256:abc")) {
            assertThat(listed(new SandboxQuery(
                            Map.of(), Set.of(), Optional.empty(), Optional.of(template), true, 9, Optional.empty())))
                    .hasSize(2);
        }
        assertThat(listed(new SandboxQuery(
                        Map.of(), Set.of(), Optional.empty(), Optional.of("other"), true, 9, Optional.empty())))
                .isEmpty();
    }

    private List<Sandbox> listed(SandboxQuery query) {
        return store.list(Samples.TENANT, query).sandboxes();
    }

    @Test
    void startedAfterIncludesThatMicrosecond() {
        Instant at = Instant.parse("2026-03-01T12:00:00.123456Z");
        Sandbox sandbox = insert(sandbox(Samples.TENANT, at, running(at), Map.of()));
        Stream.of("12:00:00.123Z", "12:00:00.123456Z", "12:00:00.123456999Z")
                .forEach(text -> assertThat(startedAfter(text)).as(text).containsExactly(sandbox));
        assertThat(startedAfter("12:00:00.123457Z")).isEmpty();
        assertThat(startedAfter("12:00:00.124Z")).isEmpty();
    }

    private List<Sandbox> startedAfter(String time) {
        return listed(new SandboxQuery(
                Map.of(),
                Set.of(),
                Optional.of(Instant.parse("2026-03-01T" + time)),
                Optional.empty(),
                true,
                100,
                Optional.empty()));
    }

    @Test
    void pagesNeitherRepeatNorHideWhatIsThereAllTheTime() {
        for (boolean newestFirst : List.of(true, false)) {
            List<SandboxId> expected = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                // Several of the same microsecond.
                Instant at = Samples.NOON.plusSeconds(i / 4);
                expected.add(insert(sandbox(Samples.TENANT, at, running(at), Map.of("round", "" + newestFirst)))
                        .id());
            }
            List<SandboxId> seen = new ArrayList<>();
            Optional<String> after = Optional.empty();
            do {
                SandboxPage page = store.list(
                        Samples.TENANT, query(Map.of("round", "" + newestFirst), Set.of(), newestFirst, 4, after));
                page.sandboxes().forEach(sandbox -> seen.add(sandbox.id()));
                after = page.next();
                Instant late = Samples.NOON.plusSeconds(newestFirst ? 100 : -100);
                insert(sandbox(Samples.TENANT, late, running(late), Map.of("round", "" + newestFirst)));
                store.get(seen.getLast()).ifPresent(this::stop);
            } while (after.isPresent());
            assertThat(seen).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    @Test
    void aTokenThatWasNotGivenOutIsRefused() {
        for (String token : List.of("", "x", "1_x", "-1_" + "0".repeat(25), "9".repeat(30) + "_" + "0".repeat(25))) {
            assertThatThrownBy(() -> store.list(Samples.TENANT, query(Map.of(), Set.of(), true, 4, Optional.of(token))))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
    }

    @Test
    void aBootIsRemembered() {
        assertThat(store.boot(SimulatedHost.ID)).isEmpty();
        store.recordBoot(SimulatedHost.ID, "a");
        store.recordBoot(SimulatedHost.ID, "b");
        assertThat(store.boot(SimulatedHost.ID)).contains("b");
    }

    @Test
    void whatEndedLongAgoIsForgotten() {
        Sandbox old = stop(insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of("a", "b"))));
        Sandbox living = insert(sandbox(Samples.TENANT, Samples.NOON, running(Samples.NOON), Map.of()));
        assertThat(store.prune(Samples.NOON)).isZero();
        assertThat(store.prune(Samples.NOON.plusSeconds(301))).isEqualTo(1);
        assertThat(store.get(old.id())).isEmpty();
        assertThat(store.events(Samples.TENANT, old.id())).isEmpty();
        assertThat(store.get(living.id())).contains(living);
    }
}
