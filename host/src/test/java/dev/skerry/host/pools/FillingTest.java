package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which pools get the next members. */
class FillingTest {
    private static final int MAKERS = 4;

    private final Inventory<Integer> pool = new Inventory<>(TestPlans.plan(4, 4, Miss.COLD), MAKERS, new Random(1));

    private int begun(int idle, boolean serving) {
        return Filling.begin(List.of(pool), MAKERS, idle, serving, 0).pools().size();
    }

    private void has(int members) {
        for (int i = 0; i < members; i++) {
            pool.begun();
            assertThat(pool.made(i, Duration.ofMillis(20), 1 << 20, 0)).isTrue();
        }
    }

    @Test
    void whatIsMissingIsBegunWithProcessorsThatAreIdle() {
        has(1);
        assertThat(begun(0, false)).isZero();
        assertThat(begun(2, false)).isEqualTo(2);
    }

    /** The request would share the processors with what is made for later ones. */
    @Test
    void besideARequestThatHasJustComeNothingIsMadeForThePoolThatHasHalfOfWhatItShould() {
        has(2);
        assertThat(begun(MAKERS, true)).isZero();
        assertThat(Filling.begin(List.of(pool), MAKERS, MAKERS, true, 0).held()).isTrue();
        assertThat(begun(MAKERS, false)).isEqualTo(2);
    }

    @Test
    void butThatWithLessIsFilledUpToHalf() {
        has(1);
        assertThat(begun(MAKERS, true)).isEqualTo(1);
    }

    @Test
    void whoWaitsIsNotKeptWaiting() {
        has(2);
        assertThat(pool.take()).isPresent();
        assertThat(pool.take()).isPresent();
        for (int i = 0; i < 3; i++) {
            pool.queue(TAKER, false);
        }
        assertThat(begun(0, true)).isEqualTo(3);
    }

    private static final Inventory.Taker<Integer> TAKER = new Inventory.Taker<>() {
        @Override
        public void take(Integer member) {
            // It has one.
        }

        @Override
        public void leave() {
            // It has none.
        }
    };
}
