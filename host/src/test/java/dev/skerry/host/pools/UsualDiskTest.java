package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Disk;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import org.junit.jupiter.api.Test;

class UsualDiskTest {
    private static final Limits SMALL = Limits.DEFAULT.withDisk(8 << 20, 500);
    private static final Limits LARGE = Limits.DEFAULT.withDisk(64 << 20, 500);

    private final UsualDisk disks = new UsualDisk();

    @Test
    void theFirstJobSaysWhatIsUsual() {
        assertThat(disks.limits("base", Limits.DEFAULT)).isEqualTo(Limits.DEFAULT);
        assertThat(disks.isUsual("base", LARGE)).isTrue();
        assertThat(disks.asks("base", SMALL)).isTrue();
        assertThat(disks.limits("base", Limits.DEFAULT.withMemoryBytes(1 << 30)))
                .isEqualTo(SMALL.withMemoryBytes(1 << 30));
        assertThat(disks.isUsual("base", LARGE)).isFalse();
        assertThat(disks.isUsual("other", LARGE)).isTrue();
    }

    @Test
    void untilAJobHasComeItIsWhatThePlanExpects() {
        PoolPlan plan = TestPlans.expecting(TestPlans.plan(1, 1, Miss.COLD), new Disk(8 << 20, 500));
        disks.expect(plan);
        assertThat(disks.limits("base", Limits.DEFAULT)).isEqualTo(SMALL);
        assertThat(disks.isUsual("base", SMALL)).isTrue();
        assertThat(disks.isUsual("base", LARGE)).isFalse();
        assertThat(disks.asks("base", LARGE)).isFalse();
        assertThat(disks.asks("base", SMALL)).isTrue();
    }

    @Test
    void jobsThatHaveComeKnowBetterThanAPlan() {
        disks.asks("base", LARGE);
        disks.expect(TestPlans.expecting(TestPlans.plan(1, 1, Miss.COLD), new Disk(8 << 20, 500)));
        assertThat(disks.limits("base", Limits.DEFAULT)).isEqualTo(LARGE);
    }

    @Test
    void eightInARowChangeIt() {
        disks.asks("base", SMALL);
        for (int i = 0; i < 7; i++) {
            assertThat(disks.asks("base", LARGE)).isFalse();
        }
        assertThat(disks.asks("base", LARGE)).isTrue();
        assertThat(disks.asks("base", SMALL)).isFalse();
    }

    @Test
    void jobsThatTakeTurnsDoNot() {
        disks.asks("base", SMALL);
        for (int i = 0; i < 50; i++) {
            assertThat(disks.asks("base", LARGE)).isFalse();
            assertThat(disks.asks("base", SMALL)).isTrue();
        }
    }
}
