package dev.skerry.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromiseTest {
    @Test
    void aBoundIsTheMostOrTheLeast() {
        assertThat(Promise.atMost("a", "b", 10, 10, "ms").kept()).isTrue();
        assertThat(Promise.atMost("a", "b", 10, 10.1, "ms").kept()).isFalse();
        assertThat(Promise.atLeast("a", "b", 10, 10, "1/s").kept()).isTrue();
        assertThat(Promise.atLeast("a", "b", 10, 9.9, "1/s").kept()).isFalse();
    }

    @Test
    void aReportSaysWhatWasKeptAndWhatWasNot() {
        Report report = new Report(Map.of());
        report.add(Promise.atMost("hello, p50", "≤ bare + 6 ms", 21.5, 19.25, "ms"));
        report.add(Promise.atLeast("index", "≥ 0.95", 0.95, 0.5, ""));
        report.add(new Contest.Result("hello", Map.of("bare", new Distribution("ms", List.of(15.5)))));
        assertThat(report.markdown())
                .contains("| hello, p50 | ≤ bare + 6 ms | ≤ 21.5 ms | 19.3 ms | yes |\n")
                .contains("| index | ≥ 0.95 | ≥ 0.95 | 0.50 | **no** |\n")
                .contains("| bare | 1 | 15.5 |");
    }
}
