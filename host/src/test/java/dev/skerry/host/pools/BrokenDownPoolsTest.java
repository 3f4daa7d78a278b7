package dev.skerry.host.pools;

import static dev.skerry.host.pools.TestPlans.plan;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.PoolPlan.Miss;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An error of the virtual machine in the middle of a pool's work, such as no memory for a moment, ends none of it. */
class BrokenDownPoolsTest {
    private static final Duration BOUND = Duration.ofSeconds(10);

    private final FakeMaker maker = new FakeMaker();
    private final Spare idle = new Spare() {
        @Override
        public void begins() {}

        @Override
        public int processors(int busy) {
            return 2;
        }
    };
    private final Pools<Integer> pools =
            new Pools<>(maker, idle, 2, System::nanoTime, new Random(1), Duration.ofMillis(20));

    @AfterEach
    void close() {
        pools.close();
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

    @Test
    void whatIsMadeThenCountsAsFailedAndIsMadeAgain() {
        maker.fails = number -> {
            if (number == 1) {
                throw new OutOfMemoryError("for a moment");
            }
            return false;
        };
        pools.plan(List.of(plan(1, 1, Miss.COLD)));
        await("its place is free for another", () -> state().ready() == 1);
        assertThat(state().starting()).isZero();
        assertThat(state().failures()).isEqualTo(1);
    }

    @Test
    void whoLooksAfterWhatWaitsGoesOn() {
        AtomicInteger looks = new AtomicInteger();
        maker.looking = () -> {
            if (looks.incrementAndGet() == 1) {
                throw new OutOfMemoryError("for a moment");
            }
        };
        pools.plan(List.of(plan(1, 1, Miss.COLD)));
        await("the next look", () -> looks.get() > 3);
        await("it is full", () -> state().ready() == 1);
    }
}
