package dev.skerry.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.bench.chaos.Schedule.Planned;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final int FAULTS = 200;

    private static List<Planned> drawn(ChaosSettings settings) {
        Schedule schedule = new Schedule(settings);
        return IntStream.range(0, FAULTS).mapToObj(_ -> schedule.next()).toList();
    }

    private static ChaosSettings chaos(long seed) {
        return ChaosSettings.chaos(seed, FAULTS, 25, Path.of("."));
    }

    @Test
    void oneSeedDrawsOneSequence() {
        assertThat(drawn(chaos(7))).isEqualTo(drawn(chaos(7))).isNotEqualTo(drawn(chaos(8)));
    }

    @Test
    void everyKindIsDrawnAndTheDatabaseIsAwayForLongOnce() {
        assertThat(drawn(chaos(7))).extracting(Planned::kind).contains(FaultKind.values());
        assertThat(drawn(chaos(7)))
                .filteredOn(each -> each.kind() == FaultKind.DATABASE_AWAY)
                .hasSize(1);
    }

    @Test
    void aSoakOnlyKills() {
        ChaosSettings soak = ChaosSettings.soak(7, Duration.ofMinutes(10), 100, Path.of("."));
        assertThat(drawn(soak)).extracting(Planned::kind).allMatch(kind -> kind.name()
                .endsWith("_KILLED"));
    }
}
