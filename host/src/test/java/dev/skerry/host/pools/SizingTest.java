package dev.skerry.host.pools;

import static dev.skerry.host.pools.TestPlans.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SizingTest {
    private static final Duration MAKING = Duration.ofMillis(100);
    private static final OptionalLong SMALL = OptionalLong.of(MIB);

    @Test
    void aStockIsTheQuantileOfOpenOrders() {
        // One maker that is busy half of the time: n orders are open with probability 1/2^(n+1).
        assertThat(Sizing.stock(0.5, 1, 0.5, 100)).isEqualTo(1);
        assertThat(Sizing.stock(0.5, 1, 0.74, 100)).isEqualTo(2);
        assertThat(Sizing.stock(0.5, 1, 0.76, 100)).isEqualTo(3);
        assertThat(Sizing.stock(0.5, 1, 0.99, 100)).isEqualTo(7);
        // So many makers that nobody queues: Poisson with mean 4, of which 0 to 7 are 0.949 and 0 to 8 are 0.979.
        assertThat(Sizing.stock(4, 1000, 0.948, 100)).isEqualTo(8);
        assertThat(Sizing.stock(4, 1000, 0.95, 100)).isEqualTo(9);
    }

    @Test
    void withoutDemandNothingIsStocked() {
        assertThat(Sizing.stock(0, 2, 0.99, 100)).isZero();
        assertThat(Sizing.stock(1e-9, 2, 0.99, 100)).isEqualTo(1);
    }

    @Test
    void whereMakersCannotKeepUpAllIsStocked() {
        assertThat(Sizing.stock(2, 2, 0.5, 40)).isEqualTo(40);
        assertThat(Sizing.stock(0.5, 1, 1, 40)).isEqualTo(40);
    }

    /** A simulated stock with independent claims and exponential times of making hits as often as it should. */
    @Test
    void aStockOfThatSizeHitsAsOften() {
        for (double[] each : new double[][] {{3, 2, 0.9}, {8, 4, 0.95}, {12, 2, 0.8}, {1, 1, 0.99}}) {
            double demand = each[0];
            int makers = (int) each[1];
            double making = each[1] == 1 ? 0.3 : 0.12;
            int stock = Sizing.stock(demand * making, makers, each[2], 1000);
            assertThat(hitRate(demand, making, makers, stock)).isGreaterThan(each[2] - 0.01);
            if (stock > 1) {
                assertThat(hitRate(demand, making, makers, stock - 1)).isLessThan(each[2] + 0.01);
            }
        }
    }

    private static double hitRate(double demand, double making, int makers, int stock) {
        var random = new Random(7);
        var ends = new PriorityQueue<Double>();
        double now = 0;
        int ready = stock;
        int queued = 0;
        int hits = 0;
        int claims = 200_000;
        for (int i = 0; i < claims; i++) {
            now += -Math.log(1 - random.nextDouble()) / demand;
            while (!ends.isEmpty() && ends.peek() <= now) {
                double end = ends.poll();
                ready++;
                if (queued > 0) {
                    queued--;
                    ends.add(end - Math.log(1 - random.nextDouble()) * making);
                }
            }
            // In the model a miss takes the next one that is made; a job that gets its own leaves it to others.
            hits += ready > 0 ? 1 : 0;
            ready--;
            if (ends.size() < makers) {
                ends.add(now - Math.log(1 - random.nextDouble()) * making);
            } else {
                queued++;
            }
        }
        return (double) hits / claims;
    }

    @Test
    void floorAndCapHold() {
        PoolPlan plan = TestPlans.plan(3, 10, Miss.COLD);
        assertThat(Sizing.marks(plan, 0, MAKING, 2, SMALL)).isEqualTo(new Sizing.Marks(3, 3, false));
        assertThat(Sizing.marks(plan, 1000, MAKING, 2, SMALL)).isEqualTo(new Sizing.Marks(10, 10, false));
    }

    @Test
    void betweenTheMarksIsAQuarter() {
        PoolPlan plan = TestPlans.plan(8, 100, Miss.COLD);
        assertThat(Sizing.marks(plan, 0, MAKING, 2, SMALL)).isEqualTo(new Sizing.Marks(8, 10, false));
    }

    @Test
    void whatWaitingMayCostCountsMoreThanTheFloor() {
        PoolPlan plan = TestPlans.costing(TestPlans.plan(8, 100, Miss.COLD), 50 * MIB);
        assertThat(Sizing.marks(plan, 0, MAKING, 2, OptionalLong.of(10 * MIB))).isEqualTo(new Sizing.Marks(4, 4, true));
        assertThat(Sizing.affordable(plan, OptionalLong.of(10 * MIB))).isEqualTo(5);
        assertThat(Sizing.marks(plan, 0, MAKING, 2, OptionalLong.of(60 * MIB))).isEqualTo(new Sizing.Marks(0, 0, true));
    }

    @Test
    void oneIsMadeToFindOutWhatItTakes() {
        PoolPlan plan = TestPlans.costing(TestPlans.plan(8, 100, Miss.COLD), 50 * MIB);
        assertThat(Sizing.marks(plan, 0, MAKING, 2, OptionalLong.empty())).isEqualTo(new Sizing.Marks(1, 1, true));
        PoolPlan ample = TestPlans.costing(plan, 400 * MIB);
        assertThat(Sizing.marks(ample, 0, MAKING, 2, OptionalLong.empty())).isEqualTo(new Sizing.Marks(3, 3, true));
    }
}
