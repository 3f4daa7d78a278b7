package dev.skerry.host.pools;

import static dev.skerry.host.pools.TestPlans.plan;
import static dev.skerry.host.pools.TestPlans.want;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pools that are planned anew in the middle of a claim. */
class ReplannedPoolsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Spare SPARE = new Spare() {
        @Override
        public void begins() {
            // All are idle.
        }

        @Override
        public int processors(int busy) {
            return 1;
        }
    };

    /** While the one that was made for him is looked at, and found dead. Without a cap is as good as not planned. */
    @ParameterizedTest
    @EnumSource(names = {"COLD", "WAIT"})
    @Timeout(10)
    void whoWasGivenADeadOneDoesNotWaitForAPoolThatIsNoMore(Miss miss) throws Exception {
        FakeMaker maker = new FakeMaker();
        try (var pools = new Pools<>(maker, SPARE, 1, System::nanoTime, new Random(1), PATIENCE)) {
            List<PoolPlan> next = List.of(plan("base", 0, miss == Miss.WAIT ? 0 : 1, miss, PATIENCE));
            maker.dead.put(1, true);
            maker.looking = () -> pools.plan(next);
            pools.plan(List.of(plan("base", 0, 1, Miss.WAIT, PATIENCE)));
            assertThat(pools.claim(want("base"), _ -> {})).isEmpty();
            assertThat(pools.states().getFirst().waits()).isEqualTo(1);
            assertThat(pools.states().getFirst().misses()).isEqualTo(1);
        }
    }
}
