package dev.skerry.host.pools;

import static dev.skerry.host.pools.TestPlans.plan;
import static dev.skerry.host.pools.TestPlans.prestarted;
import static dev.skerry.host.pools.TestPlans.want;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pools with threads, and members that are only numbers. */
class PoolsTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int MAKERS = 4;

    private final FakeMaker maker = new FakeMaker();
    private final AtomicInteger idle = new AtomicInteger(MAKERS);
    private final Set<Integer> claimed = ConcurrentHashMap.newKeySet();
    private final Set<Integer> prepared = ConcurrentHashMap.newKeySet();
    private final Spare spare = new Spare() {
        @Override
        public void begins() {
            // What is idle is what the test says.
        }

        @Override
        public int processors(int busy) {
            return idle.get();
        }
    };
    private final Pools<Integer> pools =
            new Pools<>(maker, spare, MAKERS, System::nanoTime, new Random(1), Duration.ofMillis(20));

    /** Whatever a test does: each member that was made is somebody's or closed, once. */
    @AfterEach
    void nothingIsLost() {
        pools.close();
        Set<Integer> all = new HashSet<>(maker.closed());
        assertThat(all).noneMatch(claimed::contains);
        all.addAll(claimed);
        assertThat(all).isEqualTo(maker.made.keySet());
        assertThat(pools.states()).isEmpty();
    }

    private static void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }

    private PoolState state() {
        return pools.states().getFirst();
    }

    private Optional<Integer> claim() throws InterruptedException {
        return claim(want("base"));
    }

    private Optional<Integer> claim(Want want) throws InterruptedException {
        Optional<Integer> member = pools.claim(want, prepared::add).map(Pools.Claim::member);
        member.ifPresent(
                number -> assertThat(claimed.add(number)).as("claimed once").isTrue());
        member.ifPresent(
                number -> assertThat(prepared).as("prepared for its claim").contains(number));
        return member;
    }

    private static Want wanting(PoolPlan prestarted) {
        return new Want("base", "sha256:base", Isolation.CONTAINER, Set.of(prestarted));
    }

    private void fill(PoolPlan... plans) {
        pools.plan(List.of(plans));
        for (int i = 0; i < plans.length; i++) {
            int pool = i;
            await("a full pool", () -> pools.states().get(pool).ready() >= plans[pool].floor());
        }
    }

    @Test
    void aClaimFindsWhatWasMadeBefore() throws Exception {
        fill(plan(2, 8, Miss.COLD));
        assertThat(claim()).isPresent();
        assertThat(state().hits()).isEqualTo(1);
        await("it is refilled", () -> state().ready() >= 2);
    }

    @Test
    void whoNobodyPlannedForGoesHisOwnWay() throws Exception {
        fill(plan(1, 1, Miss.REFUSE));
        assertThat(claim(want("other"))).isEmpty();
        assertThat(claim(new Want("base", "sha256:base", Isolation.GVISOR))).isEmpty();
        assertThat(state().misses()).isZero();
    }

    @Test
    void aMissIsColdAndCounted() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan(1, 8, Miss.COLD)));
        assertThat(claim()).isEmpty();
        assertThat(state().misses()).isEqualTo(1);
    }

    @Test
    void aMissMayBeRefusedWithAnEstimate() {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan(1, 8, Miss.REFUSE)));
        assertThatThrownBy(this::claim).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY);
            assertThat(failure).hasMessageContaining("base, container");
            assertThat(failure.hint().orElseThrow()).containsPattern("in [0-9]+ ms");
            assertThat(failure.retryAfter()).isPresent();
        });
        assertThat(state().refusals()).isEqualTo(1);
    }

    @Test
    void whoWaitsGetsTheFirstThatIsMadeEvenIfNoProcessorIsIdle() throws Exception {
        maker.allowed.drainPermits();
        idle.set(0);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Work running = pools.work();
            pools.plan(List.of(plan(0, 8, Miss.WAIT)));
            Future<Optional<Integer>> one = threads.submit(() -> claim());
            Future<Optional<Integer>> other = threads.submit(() -> claim());
            await("both wait", () -> state().waits() == 2);
            maker.allowed.release(2);
            assertThat(one.get()).isPresent();
            assertThat(other.get()).isPresent();
            assertThat(state().hits()).isZero();
            running.close();
        }
    }

    @Test
    void patienceEnds() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan("base", 0, 8, Miss.WAIT, Duration.ofMillis(250))));
        assertThat(claim()).isEmpty();
        assertThat(state().waits()).isEqualTo(1);
        assertThat(state().misses()).isEqualTo(1);
    }

    @Test
    void whoWouldWaitTooLongDoesNotWaitAtAll() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan("base", 0, 8, Miss.WAIT, Duration.ofMillis(1))));
        assertThat(claim()).isEmpty();
        assertThat(state().waits()).isZero();
        assertThat(state().misses()).isEqualTo(1);
    }

    @Test
    void whoIsInterruptedWhileHeWaitsTakesNothingWithHim() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan("base", 0, 1, Miss.WAIT, BOUND)));
        var outcome = new AtomicInteger();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                claim();
                outcome.set(1);
            } catch (InterruptedException e) {
                outcome.set(2);
            }
        });
        await("it waits", () -> state().waits() == 1 && state().starting() == 1);
        waiting.interrupt();
        waiting.join();
        assertThat(outcome).hasValue(2);
        maker.allowed.release();
        await("it is for the next one", () -> state().ready() == 1);
        assertThat(claim()).isPresent();
    }

    @Test
    void aPoolThatIsNoLongerPlannedSendsAwayWhoWaits() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan("base", 0, 1, Miss.WAIT, BOUND)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Optional<Integer>> waiting = threads.submit(() -> claim());
            await("it waits", () -> state().waits() == 1);
            pools.plan(List.of());
            assertThat(waiting.get()).isEmpty();
        }
    }

    @Test
    void theDeadAreNotHandedOut() throws Exception {
        var unattended = new Pools<>(maker, spare, 1, System::nanoTime, new Random(1), BOUND.multipliedBy(100));
        try (unattended) {
            unattended.plan(List.of(plan(3, 3, Miss.COLD)));
            await("three", () -> unattended.states().getFirst().ready() == 3);
            maker.allowed.drainPermits();
            List.copyOf(maker.made.keySet()).stream().sorted().limit(2).forEach(number -> maker.dead.put(number, true));
            int living = unattended.claim(want("base"), _ -> {}).orElseThrow().member();
            claimed.add(living);
            assertThat(maker.dead).doesNotContainKey(living).hasSize(2);
            assertThat(unattended.states().getFirst().hits()).isEqualTo(1);
            assertThat(unattended.states().getFirst().failures()).isEqualTo(2);
            assertThat(unattended.claim(want("base"), _ -> {})).isEmpty();
            assertThat(unattended.states().getFirst().misses()).isEqualTo(1);
        }
    }

    @Test
    void theDeadAreNoticedWithoutAClaim() {
        fill(plan(2, 2, Miss.COLD));
        maker.made.keySet().forEach(number -> maker.dead.put(number, true));
        await("others are there", () -> maker.made.size() >= 4 && state().ready() == 2);
        assertThat(state().failures()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void membersOfAnEarlierTemplateAreReplaced() throws Exception {
        fill(plan(2, 2, Miss.COLD));
        int last = maker.asked.get();
        maker.stale = number -> number <= last;
        await("others are there", () -> maker.closed().size() == 2 && state().ready() == 2);
        assertThat(claim().orElseThrow()).isGreaterThan(last);
        assertThat(state().failures()).isZero();
    }

    @Test
    void poolsAreNotFilledAtTheCostOfJobs() throws Exception {
        idle.set(0);
        Work work = pools.work();
        pools.plan(List.of(plan(2, 8, Miss.COLD)));
        assertThat(claim()).isEmpty();
        assertThat(claim()).isEmpty();
        assertThat(maker.asked).hasValue(0);
        await("it says why", () -> state().backoff().equals(Optional.of("no processor is idle")));
        work.close();
        work.close();
        await("they are filled one after the other", () -> state().ready() >= 2);
        assertThat(maker.atOnceMost).hasValue(1);
    }

    @Test
    void anInterpreterThatWaitsIsPreferred() throws Exception {
        PoolPlan plain = plan(1, 1, Miss.COLD);
        fill(plain, prestarted(plain, "python"));
        maker.allowed.drainPermits();
        Want python = wanting(prestarted(plain, "python"));
        assertThat(maker.made.get(claim(python).orElseThrow()).prestart()).hasValue("python");
        assertThat(maker.made.get(claim(python).orElseThrow()).prestart()).isEmpty();
        assertThat(claim(python)).isEmpty();
        assertThat(pools.states().get(0).misses()).isZero();
        assertThat(pools.states().get(1).misses()).isEqualTo(1);
    }

    @Test
    void whoWantsNoneGetsNoneThatWaits() throws Exception {
        fill(prestarted(plan(1, 1, Miss.COLD), "python"));
        assertThat(claim()).isEmpty();
        assertThat(claim(wanting(prestarted(plan(1, 1, Miss.COLD), "node")))).isEmpty();
    }

    @Test
    void aMakerThatFailsInAnyWayIsAskedAgainLater() {
        maker.fails = number -> number <= 2;
        maker.failure = ErrorCode.INTERNAL;
        fill(plan(2, 2, Miss.COLD));
        assertThat(state().failures()).isBetween(1L, 2L);
        assertThat(state().backoff()).isEmpty();
    }

    @Test
    void plansAreReplacedWhileTheyAreUsed() {
        fill(plan(8, 8, Miss.COLD));
        pools.plan(List.of(plan(2, 3, Miss.COLD), plan("other", 1, 1, Miss.COLD, Duration.ZERO)));
        assertThat(state().ready()).isLessThanOrEqualTo(3);
        await("the other is filled", () -> pools.states().get(1).ready() == 1);
        await("what is too much is closed", () -> maker.closed().size() == 5);
        pools.plan(List.of());
        await("all are closed", () -> maker.closed().size() == maker.made.size());
    }

    @Test
    void aPlanThatCannotBeIsRefusedAsAWhole() {
        fill(plan(1, 1, Miss.COLD));
        PoolPlan upsideDown = plan("other", 3, 2, Miss.COLD, Duration.ZERO);
        assertThatThrownBy(() -> pools.plan(List.of(plan(5, 5, Miss.COLD), upsideDown)))
                .isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(failure).hasMessageContaining("'other, container': floor is from 0 to cap");
                });
        PoolPlan twice = plan(2, 3, Miss.REFUSE);
        assertThatThrownBy(() -> pools.plan(List.of(twice, plan(5, 5, Miss.COLD))))
                .hasMessageContaining("planned twice");
        assertThat(state().plan()).isEqualTo(plan(1, 1, Miss.COLD));
    }

    @Test
    void whatIsBeingMadeWhenAllIsClosedIsClosed() {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan(4, 4, Miss.COLD)));
        await("all are being made", () -> maker.atOnce.get() == 4);
        maker.allowed.release(2);
        pools.close();
        assertThat(maker.atOnce).hasValue(0);
    }

    @Test
    void whatIsDoneOnceForManyIsNotTheTimeOfEach() {
        maker.preparing = Duration.ofMillis(400);
        fill(plan(1, 1, Miss.COLD));
        assertThat(state().making()).isLessThan(maker.preparing);
    }

    @Test
    void claimsDoNotMakeMoreMakers() throws Exception {
        maker.allowed.drainPermits();
        pools.plan(List.of(plan(20, 20, Miss.COLD)));
        for (int i = 0; i < 50; i++) {
            await("makers are busy", () -> maker.atOnce.get() >= MAKERS);
            assertThat(claim()).isEmpty();
        }
        maker.allowed.release(1000);
        await("the pool is full", () -> state().ready() == 20);
        assertThat(maker.atOnceMost).hasValue(MAKERS);
    }

    @Test
    void whatIsMadeAfterAllWasClosedIsClosed() throws Exception {
        maker.allowed.drainPermits();
        maker.stubborn = true;
        pools.plan(List.of(plan(4, 4, Miss.COLD)));
        await("all are being made", () -> maker.atOnce.get() == 4);
        Thread closing = Thread.ofVirtual().start(pools::close);
        await("it is closed", () -> pools.states().isEmpty());
        maker.allowed.release(4);
        closing.join();
        assertThat(maker.closed()).hasSize(4);
    }

    /** Thirty-two claim as fast as they can, while members fail, die and grow old, and plans are replaced. */
    @Test
    void manyClaimsAtATimeShareNothing() throws Exception {
        maker.fails = number -> number % 17 == 0;
        maker.stale = number -> number % 23 == 0;
        var hits = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            pools.plan(List.of(plan("base", 4, 16, Miss.WAIT, Duration.ofMillis(400))));
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                var random = new Random(i);
                all.add(threads.submit(() -> {
                    for (int each = 0; each < 100; each++) {
                        if (random.nextInt(8) == 0) {
                            maker.dead.put(maker.asked.get() - random.nextInt(10), true);
                        }
                        hits.addAndGet(claim().isPresent() ? 1 : 0);
                    }
                    return hits;
                }));
            }
            var random = new Random(99);
            for (int i = 0; i < 30; i++) {
                int cap = random.nextInt(20);
                pools.plan(List.of(plan("base", Math.min(2, cap), cap, Miss.WAIT, Duration.ofMillis(400))));
                await("some more are made", () -> true);
            }
            pools.plan(List.of(plan("base", 4, 16, Miss.WAIT, Duration.ofMillis(400))));
            for (Future<?> each : all) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
        assertThat(hits.get()).isEqualTo(claimed.size()).isPositive();
        assertThat(maker.atOnceMost.get()).isLessThanOrEqualTo(MAKERS);
    }
}
