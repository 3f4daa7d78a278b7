package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.e2e.Suite.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuiteTest {
    @Test
    void linesBecomeOutcomes() {
        Report report =
                Suite.read("noise\n1..3\nok a/b\nnot ok a/c: it broke: twice\n# at line 1\nmore noise\nok a/d\n");
        assertThat(report.isComplete()).isTrue();
        assertThat(report.outcomes()).extracting(Suite.Outcome::name).containsExactly("a/b", "a/c", "a/d");
        assertThat(report.outcomes().get(1).failure()).contains("it broke: twice\n# at line 1");
        assertThat(report.outcomes().get(2).failure()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ok a\n", "1..0\n", "1..2\nok a\n", "1..1\nok a\nok b\n", "1..1\n", "1..x\nok a\n"})
    void aSuiteThatDidNotRunAsPlannedIsNotComplete(String output) {
        assertThat(Suite.read(output).isComplete()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "v20.18.1, true", "v20.20.2, true", "v22.0.0, true", "v100.1.1, true",
        "v20.17.9, false", "v18.20.4, false", "nonsense, false", "'', false"
    })
    void nodeIsNewEnoughFrom2018(String version, boolean expected) {
        assertThat(Clients.isNewEnough(version)).isEqualTo(expected);
    }
}
