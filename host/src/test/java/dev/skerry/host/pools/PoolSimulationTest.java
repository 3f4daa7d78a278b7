package dev.skerry.host.pools;

import static dev.skerry.host.pools.SimulatedPools.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.pools.SimulatedPools.Fate;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What holds for pools whatever happens to them, on a simulated clock and with seeds. */
class PoolSimulationTest {
    private static final int SEEDS = 60;

    private static PoolPlan random(String template, Random random) {
        int floor = random.nextInt(6);
        int cap = floor + random.nextInt(30);
        Miss miss = Miss.values()[random.nextInt(Miss.values().length)];
        return TestPlans.plan(template, floor, cap, miss, Duration.ofMillis(random.nextLong(4000)));
    }

    /** An hour or so of quiet, steady and herd demand, failures, deaths and new plans. */
    private static SimulatedPools anything(long seed) {
        var random = new Random(seed);
        List<PoolPlan> plans = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            plans.add(random("template-" + i, random));
        }
        var world = new SimulatedPools(seed, plans);
        for (int phase = 0; phase < 12; phase++) {
            long end = world.now + (10 + random.nextInt(200)) * SECOND;
            int pool = random.nextInt(world.pools.size());
            switch (random.nextInt(7)) {
                case 0 -> world.demand(pool, 0.1, end);
                case 1 -> world.demand(pool, 1 + random.nextInt(40), end);
                case 2 -> herd(world, pool, random.nextInt(300));
                case 3 -> world.fail(random.nextBoolean() ? 0 : random.nextDouble());
                case 4 -> world.at(world.now + random.nextLong(10 * SECOND), () -> world.die(random.nextDouble()));
                case 5 -> world.leaveIdle(random.nextInt(SimulatedPools.MAKERS + 1));
                default -> world.at(world.now + SECOND, () -> world.replan(pool, random("template-" + pool, random)));
            }
            world.run(end);
        }
        return world;
    }

    private static void herd(SimulatedPools world, int pool, int claims) {
        for (int i = 0; i < claims; i++) {
            world.at(world.now + world.random.nextLong(SECOND), () -> world.claim(world.pools.get(pool)));
        }
    }

    @Test
    void nothingIsLostOrClaimedTwiceWhateverHappens() {
        int claims = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedPools world = anything(seed);
            // Everybody's patience is over, and nothing is being made.
            world.leaveIdle(0);
            world.run(world.now + 10 * SECOND);
            assertThat(world.served + world.gone).as("seed " + seed).isEqualTo(world.claims);
            assertThat(world.count(Fate.CLAIMED)).isEqualTo(world.served);
            assertThat(world.count(Fate.READY)).isEqualTo(world.ready());
            assertThat(world.makingsMost).isLessThanOrEqualTo(SimulatedPools.MAKERS);
            long counted = 0;
            for (Inventory<Integer> pool : world.pools) {
                PoolState state = pool.state(world.now, false);
                counted += state.hits() + state.misses() + state.refusals();
                assertThat(state.ready()).isEqualTo(pool.ready());
            }
            // Who waited and got one is in none of the three.
            assertThat(counted).isBetween((long) world.gone, (long) world.claims);
            claims += world.claims;
            while (!world.pools.isEmpty()) {
                world.end(0);
            }
            assertThat(world.count(Fate.READY))
                    .as("all that was not claimed is closed")
                    .isZero();
        }
        assertThat(claims).isGreaterThan(10_000);
    }

    @Test
    void steadyDemandFindsAReadyMemberAsOftenAsPlanned() {
        var world = new SimulatedPools(1, List.of(TestPlans.plan(0, 64, Miss.COLD)));
        world.demand(0, 12, 600 * SECOND);
        world.run(60 * SECOND);
        PoolState before = world.pools.getFirst().state(world.now, false);
        world.run(600 * SECOND);
        PoolState after = world.pools.getFirst().state(world.now, false);
        double hits = after.hits() - before.hits();
        double misses = after.misses() - before.misses();
        assertThat(hits / (hits + misses)).isGreaterThan(0.9);
        assertThat(after.target()).as("and no more are kept than it takes").isLessThan(16);
    }

    @Test
    void aPoolThatNobodyUsesShrinksToItsFloor() {
        var world = new SimulatedPools(2, List.of(TestPlans.plan(2, 64, Miss.COLD)));
        world.demand(0, 12, 100 * SECOND);
        world.run(100 * SECOND);
        assertThat(world.pools.getFirst().state(world.now, false).target()).isGreaterThan(3);
        world.run(100 * SECOND + Duration.ofMinutes(11).toNanos());
        assertThat(world.ready()).isEqualTo(2);
    }

    @Test
    void aHerdIsAnsweredByAFullPoolAndThenByMakers() {
        var world = new SimulatedPools(3, List.of(TestPlans.plan("base", 16, 16, Miss.WAIT, Duration.ofMinutes(1))));
        world.run(5 * SECOND);
        herd(world, 0, 200);
        world.run(60 * SECOND);
        PoolState state = world.pools.getFirst().state(world.now, false);
        assertThat(state.hits()).isGreaterThanOrEqualTo(16);
        assertThat(world.served)
                .as("nobody is turned away who can be served in time")
                .isEqualTo(200);
    }

    @Test
    void claimsAreRefilledTogetherAndNotOneByOne() {
        var world = new SimulatedPools(4, List.of(TestPlans.plan(40, 40, Miss.COLD)));
        world.run(10 * SECOND);
        int before = world.made;
        for (int i = 0; i < 40; i++) {
            world.claim(world.pools.getFirst());
        }
        world.run(20 * SECOND);
        assertThat(world.made - before).isEqualTo(40);
        assertThat(world.makingsMost).isEqualTo(SimulatedPools.MAKERS);
    }

    @Test
    void withoutIdleProcessorsOnlyThoseAreMadeThatSomebodyWaitsFor() {
        PoolPlan waiting = TestPlans.plan("base", 8, 20, Miss.WAIT, Duration.ofSeconds(30));
        var world = new SimulatedPools(5, List.of(waiting));
        world.leaveIdle(0);
        for (int i = 0; i < 10; i++) {
            world.claim(world.pools.getFirst());
        }
        world.run(20 * SECOND);
        assertThat(world.served).isEqualTo(10);
        assertThat(world.made).isEqualTo(10);
        assertThat(world.pools.getFirst().state(world.now, true).backoff()).hasValue("no processor is idle");
    }

    @Test
    void aMakerThatFailsIsNotAskedAllTheTime() {
        var world = new SimulatedPools(6, List.of(TestPlans.plan(8, 20, Miss.COLD)));
        world.fail(1);
        world.run(600 * SECOND);
        long failures = world.pools.getFirst().state(world.now, false).failures();
        assertThat(failures).isBetween(10L, 40L);
        assertThat(world.pools.getFirst().state(world.now, false).backoff().orElseThrow())
                .contains("simulated");
        world.fail(0);
        world.run(world.now + 70 * SECOND);
        assertThat(world.ready()).isEqualTo(10);
    }

    @Test
    void oldMembersAreReplacedOneByOne() {
        var world = new SimulatedPools(7, List.of(TestPlans.plan(4, 20, Miss.COLD)));
        world.run(10 * SECOND);
        int before = world.made;
        world.run(Inventory.AGE_MAX.toNanos() + 60 * SECOND);
        assertThat(world.made - before).isBetween(4, 5);
        assertThat(world.ready()).isBetween(4L, 5L);
    }
}
