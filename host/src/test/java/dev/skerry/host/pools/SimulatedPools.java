package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Inventories on a clock that jumps from event to event: claims, members that are made or fail to be, members that die,
 * plans that are replaced. After each event everything that must hold is checked. Everything comes from one seed.
 */
final class SimulatedPools {
    static final long SECOND = 1_000_000_000L;
    static final int MAKERS = 4;

    final Random random;
    final List<Inventory<Integer>> pools = new ArrayList<>();
    final Map<Integer, Fate> members = new HashMap<>();
    long now;
    /** Processors that jobs leave idle. */
    private int idle = MAKERS;

    private double failing;
    long makingMax = SECOND / 4;
    int claims;
    int served;
    int gone;
    int made;
    int makings;
    int makingsMost;

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long order;
    private long claimed = Long.MIN_VALUE / 2;
    private long disturbed;

    SimulatedPools(long seed, List<PoolPlan> plans) {
        this.random = new Random(seed);
        plans.forEach(plan -> pools.add(new Inventory<>(plan, MAKERS, random)));
        at(0, this::tick);
        every(SECOND, this::tick);
    }

    /** What became of a member; each changes once, from READY. */
    enum Fate {
        READY,
        CLAIMED,
        CLOSED
    }

    private record Event(long at, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    void at(long time, Runnable action) {
        events.add(new Event(time, order++, action));
    }

    void every(long nanos, Runnable action) {
        at(now + nanos, () -> {
            action.run();
            every(nanos, action);
        });
    }

    /** Independent claims of one pool, so many a second, until then. */
    void demand(int pool, double perSecond, long until) {
        long next = now + (long) (-Math.log(1 - random.nextDouble()) / perSecond * SECOND);
        if (next < until) {
            at(next, () -> {
                claim(pools.get(pool));
                demand(pool, perSecond, until);
            });
        }
    }

    void run(long until) {
        while (!events.isEmpty() && events.peek().at() <= until) {
            Event event = events.poll();
            now = event.at();
            event.action().run();
            fill();
            pools.forEach(this::check);
        }
        now = until;
    }

    void claim(Inventory<Integer> pool) {
        claims++;
        claimed = now;
        at(now + Requests.MOMENT.toNanos(), () -> {}); // the filler looks again
        disturb();
        pool.claimed(now);
        Optional<Integer> member = pool.take();
        if (member.isPresent()) {
            change(member.get(), Fate.CLAIMED);
            pool.hit();
            served++;
            return;
        }
        Miss miss = pool.plan().miss();
        Optional<Duration> estimate = pool.estimate(now);
        if (miss == Miss.WAIT
                && estimate.isPresent()
                && estimate.get().compareTo(pool.plan().patience()) <= 0) {
            pool.waits();
            await(pool);
        } else if (miss == Miss.REFUSE) {
            var _ = pool.refusal(now);
            gone++;
        } else {
            pool.missed();
            gone++;
        }
    }

    private void await(Inventory<Integer> pool) {
        boolean[] over = {false};
        Consumer<Integer> end = member -> {
            assertThat(over[0]).as("somebody who waited is served once").isFalse();
            over[0] = true;
        };
        var taker = new Inventory.Taker<Integer>() {
            @Override
            public void take(Integer member) {
                end.accept(member);
                change(member, Fate.CLAIMED);
                served++;
            }

            @Override
            public void leave() {
                end.accept(0);
                gone++;
            }
        };
        pool.queue(taker, false);
        at(now + pool.plan().patience().toNanos(), () -> {
            if (!over[0]) {
                over[0] = true;
                pool.forget(taker);
                pool.missed();
                gone++;
            }
        });
    }

    /** Jobs run at least that long here. */
    private boolean serving() {
        return now - claimed < Requests.MOMENT.toNanos();
    }

    private void fill() {
        for (Inventory<Integer> pool :
                Filling.begin(pools, MAKERS - makings, idle, serving(), now).pools()) {
            assertThat(pool.ready() + pool.starting())
                    .as("none is begun above the cap")
                    .isLessThanOrEqualTo(pool.plan().cap());
            makings++;
            makingsMost = Math.max(makingsMost, makings);
            long took = makingMax / 10 + random.nextLong(makingMax * 9 / 10);
            at(now + took, () -> finish(pool, took));
        }
    }

    private void finish(Inventory<Integer> pool, long took) {
        makings--;
        if (random.nextDouble() < failing) {
            ErrorCode code = random.nextBoolean() ? ErrorCode.NO_CAPACITY : ErrorCode.INTERNAL;
            pool.failed(new Failure(code, "simulated"), now);
            resume(pool);
            return;
        }
        int member = ++made;
        members.put(member, Fate.READY);
        if (!pool.made(member, Duration.ofNanos(took), 1 << 20, now)) {
            change(member, Fate.CLOSED);
        }
    }

    /** The filler wakes when a backoff ends. */
    private void resume(Inventory<Integer> pool) {
        at(now + pool.pause(now).toNanos(), this::disturb);
    }

    private void tick() {
        for (Inventory<Integer> pool : pools) {
            List<Integer> surplus = pool.surplus(now);
            surplus.forEach(member -> change(member, Fate.CLOSED));
            if (!surplus.isEmpty()) {
                disturb();
            }
        }
    }

    /** Some of what waits dies. */
    void die(double share) {
        for (Inventory<Integer> pool : pools) {
            List<Integer> dead = pool.members().stream()
                    .filter(member -> random.nextDouble() < share)
                    .toList();
            for (Integer member : pool.discard(dead)) {
                change(member, Fate.CLOSED);
                pool.died(now);
                resume(pool);
            }
        }
    }

    void replan(int pool, PoolPlan plan) {
        pools.get(pool).replan(plan);
        disturb();
        tick();
    }

    void end(int pool) {
        pools.remove(pool).end().forEach(member -> change(member, Fate.CLOSED));
    }

    private void change(int member, Fate fate) {
        assertThat(members.put(member, fate))
                .as("member " + member + " becomes " + fate)
                .isEqualTo(Fate.READY);
    }

    /** What follows from the demand alone does not hold for a while. */
    private void disturb() {
        disturbed = now;
    }

    void leaveIdle(int processors) {
        idle = processors;
        disturb();
    }

    /** That part of the makings does not work. */
    void fail(double share) {
        failing = share;
        disturb();
    }

    private void check(Inventory<Integer> pool) {
        PoolPlan plan = pool.plan();
        assertThat(pool.ready()).as("never above the cap").isLessThanOrEqualTo(plan.cap());
        assertThat(pool.ready() == 0 || pool.waiting() == 0)
                .as("nobody waits beside a ready member")
                .isTrue();
        int all = pools.stream().mapToInt(each -> each.plan().floor()).sum();
        // To the high marks, and after a failure one alone.
        long rounds = Math.ceilDiv(all * 5L / 4, Math.max(1, idle)) + 4;
        if (pool.waiting() > 0 || !pool.pause(now).isZero()) {
            disturb();
        }
        long filled = disturbed + rounds * makingMax;
        boolean healthy = failing == 0 && idle > 0;
        if (healthy && now > filled) {
            assertThat(pool.ready())
                    .as(() -> "the floor is reached at " + now + ", undisturbed since " + disturbed + ": " + states())
                    .isGreaterThanOrEqualTo(plan.floor());
        }
    }

    private List<PoolState> states() {
        return pools.stream().map(pool -> pool.state(now, false)).toList();
    }

    long ready() {
        return pools.stream().mapToInt(Inventory::ready).sum();
    }

    long count(Fate fate) {
        return members.values().stream().filter(each -> each == fate).count();
    }
}
