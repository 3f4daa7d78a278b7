package dev.skerry.server.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.Privilege;
import dev.skerry.wire.jobs.PoolPlan;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoolTextTest {
    @ParameterizedTest
    @ValueSource(strings = {"base=0..8", "base+python=1..8", "base+c++@gvisor=0..1", "sha256:0af=3..3"})
    void isWrittenAsItIsRead(String text) {
        assertThat(PoolText.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "base", "base=1", "base=2..1", "base=0..0", "base=0..1001", "Base=0..1", "base@vm=0..1"})
    void whatIsNoPoolIsRefusedAndSaysWhatIs(String text) {
        assertThatThrownBy(() -> PoolText.parse(text)).hasMessageMatching("(?s).*(pool|isolation).*");
    }

    @Test
    void theSamePoolTwiceAndVeryManyAreRefused() {
        assertThatThrownBy(() -> PoolText.list("base=0..1, base=1..2")).hasMessageContaining("twice");
        List<String> many =
                IntStream.range(0, 33).mapToObj(i -> "t" + i + "=0..1").toList();
        assertThatThrownBy(() -> PoolText.distinct(many)).hasMessageContaining("33");
    }

    @Test
    void aPoolForWhoCreatesSandboxesHasTheirShapeAndNobodyWaitsForIt() {
        PoolSettings settings = new PoolSettings(
                PoolText.list("base=0..1, base+sandbox=1..4"), 95, 1 << 28, PoolPlan.Miss.WAIT, Duration.ofSeconds(1));
        List<PoolPlan> plans = settings.plans(SandboxSettings.DEFAULT);
        assertThat(plans).extracting(PoolText::name).containsExactly("base@container", "base+sandbox@container");
        PoolPlan plan = plans.get(1);
        assertThat(plan.prestart()).isEmpty();
        assertThat(plan.miss()).isEqualTo(PoolPlan.Miss.COLD);
        assertThat(plan.shape())
                .contains(new PoolPlan.Shape(
                        Privilege.SUDO, SandboxSettings.DEFAULT.diskBytes(), SandboxSettings.DEFAULT.diskInodes()));
        assertThat(plans.getFirst().miss()).isEqualTo(PoolPlan.Miss.WAIT);
        assertThat(plans.getFirst().shape()).isEmpty();
    }

    @Test
    void aPoolForJobsExpectsTheDiskThatAllOfThemHave() {
        PoolSettings settings = PoolSettings.DEFAULT.with(PoolText.list("base=1..1, base+sandbox=1..1"));
        SandboxSettings sandboxes = SandboxSettings.DEFAULT;
        List<PoolPlan> plans = settings.plans(sandboxes);
        assertThat(plans.get(0).disk())
                .contains(new PoolPlan.Disk(
                        sandboxes.limits().diskBytes(), sandboxes.limits().diskInodes()));
        assertThat(plans.get(1).disk()).isEmpty();
    }

    @Test
    void aPlanHasTheServersLevelUnlessThePoolNamesOne() {
        PoolSettings settings = PoolSettings.DEFAULT.with(PoolText.list("base=0..1, base+python@gvisor=1..2"));
        List<PoolPlan> plans = settings.plans(SandboxSettings.DEFAULT);
        assertThat(plans).extracting(PoolText::name).containsExactly("base@container", "base+python@gvisor");
        assertThat(plans).extracting(PoolPlan::floor).containsExactly(0, 1);
    }
}
