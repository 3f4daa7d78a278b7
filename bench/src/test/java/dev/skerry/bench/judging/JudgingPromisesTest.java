package dev.skerry.bench.judging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Promise;
import dev.skerry.bench.jobs.SmallProgram;
import dev.skerry.bench.serving.PoolsKept;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JudgingPromisesTest {
    private static final Competitor COLD = server("skerry without pools", PoolsKept.NONE);
    private static final Competitor POOLS = server("skerry with pools", PoolsKept.FILLED);
    private static final JudgingPromises PROMISES = new JudgingPromises(COLD, POOLS);

    private static Competitor server(String name, PoolsKept pools) {
        return new Competitor(name, URI.create("http://127.0.0.1:1"), Optional.empty(), pools, Set.of("python"));
    }

    private static Contest.Result result(String title, Object... namesAndValues) {
        Map<String, Distribution> sides = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            sides.put((String) namesAndValues[i], new Distribution("ms", List.of((Double) namesAndValues[i + 1])));
        }
        return new Contest.Result(title, sides);
    }

    @Test
    void anAnswerCountsWhereItSaysThatItBelongs() {
        assertThat(List.of("cold", "warm", "prestarted", ""))
                .map(COLD::row)
                .containsExactly(
                        "skerry without pools: cold",
                        "skerry without pools: hit, nothing started",
                        "skerry without pools: hit, prestarted",
                        "skerry without pools");
        assertThat(POOLS.row("cold")).isEqualTo("skerry with pools: miss");
    }

    @Test
    void oneCallerIsMeasuredAgainstBareProcesses() {
        List<Promise> kept = PROMISES.one(
                SmallProgram.PYTHON,
                result("", "bare processes", 15.0, "skerry without pools: cold", 21.0, POOLS.row("prestarted"), 6.0));
        assertThat(kept).map(Promise::bound).containsExactly(21.0, 5.0);
        assertThat(kept).map(Promise::kept).containsExactly(true, false);
    }

    @Test
    void aMissOfAServerWithPoolsIsNotCold() {
        assertThat(PROMISES.one(SmallProgram.C, result("", "bare processes", 15.0, "skerry with pools: miss", 21.0)))
                .isEmpty();
    }

    @Test
    void allOfABurstCountWhateverTheyFound() {
        List<Promise> promises = PROMISES.burst(result(
                "2 at once",
                JudgingContests.BURST_BARE,
                1000.0,
                "skerry without pools: cold",
                1500.0,
                "skerry with pools: hit, prestarted",
                100.0,
                "skerry with pools: miss",
                1501.0));
        assertThat(promises).map(Promise::measured).containsExactly(1500.0, 1501.0);
        assertThat(promises).map(Promise::kept).containsExactly(true, false);
    }
}
