package dev.skerry.bench.judging;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.Promise;
import dev.skerry.bench.jobs.SmallProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is promised of programs through Piston's API. Each is measured against bare processes of the same run. */
final class JudgingPromises {
    private static final double PYTHON_MORE_MILLIS = 6;
    private static final double C_MORE_MILLIS = 8;
    private static final double WAITING_MILLIS = 5;
    private static final double WAITING_SHARE = 0.3;
    private static final int CALLERS = 4;
    private static final double RATE_SHARE = 0.7;
    private static final double BURST_SHARE = 1.5;

    private final Competitor cold;
    private final Competitor pools;

    JudgingPromises(Competitor cold, Competitor pools) {
        this.cold = cold;
        this.pools = pools;
    }

    /** Of one caller. */
    List<Promise> one(SmallProgram program, Contest.Result result) {
        double bare = result.sides().get(JudgingContests.BARE).p50();
        List<Promise> all = new ArrayList<>();
        side(result, cold.row("cold"))
                .filter(_ -> program.equals(SmallProgram.PYTHON) || program.equals(SmallProgram.C))
                .ifPresent(values -> {
                    double more = program.equals(SmallProgram.C) ? C_MORE_MILLIS : PYTHON_MORE_MILLIS;
                    all.add(Promise.atMost(
                            program.name() + ", cold, p50",
                            String.format("≤ bare process + %.0f ms", more),
                            bare + more,
                            values.p50(),
                            "ms"));
                });
        Optional<Distribution> alone = side(result, JudgingContests.BARE + JudgingContests.ALONE);
        String which = alone.isPresent() ? JudgingContests.ALONE : "";
        side(result, pools.row("prestarted") + which).ifPresent(values -> {
            boolean python = program.equals(SmallProgram.PYTHON);
            all.add(Promise.atMost(
                    program.name() + ", prestarted" + which + ", p50",
                    python ? "≤ 5 ms" : "≤ 0.3 × bare process",
                    python
                            ? WAITING_MILLIS
                            : WAITING_SHARE * alone.map(Distribution::p50).orElse(bare),
                    values.p50(),
                    "ms"));
        });
        return all;
    }

    /** Of several callers. */
    List<Promise> rates(SmallProgram program, Contest.Result rates) {
        String suffix = JudgingContests.suffix(CALLERS);
        Map<String, Distribution> sides = rates.sides();
        List<Promise> all = new ArrayList<>();
        if (program.equals(SmallProgram.PYTHON) && sides.containsKey(JudgingContests.BARE + suffix)) {
            double bare = sides.get(JudgingContests.BARE + suffix).p50();
            for (Competitor ours : List.of(cold, pools)) {
                all.add(Promise.atLeast(
                        program.name() + ", 4 callers, " + ours.name(),
                        "≥ 0.7 × four workers with bare processes",
                        RATE_SHARE * bare,
                        sides.get(ours.name() + suffix).p50(),
                        "1/s"));
            }
        }
        return all;
    }

    /** Of a burst: the slowest of a hundred, and of each server with all that it answered. */
    List<Promise> burst(Contest.Result result) {
        double bare = result.sides().get(JudgingContests.BURST_BARE).p50();
        List<Promise> all = new ArrayList<>();
        for (Competitor ours : List.of(cold, pools)) {
            List<Double> values = result.sides().entrySet().stream()
                    .filter(side -> side.getKey().startsWith(ours.name()))
                    .flatMap(side -> side.getValue().values().stream())
                    .toList();
            all.add(Promise.atMost(
                    result.title() + ", " + ours.name() + ", p99, none failed",
                    "≤ 1.5 × all as bare processes on all processors",
                    BURST_SHARE * bare,
                    new Distribution("ms", values).percentile(99),
                    "ms"));
        }
        return all;
    }

    private static Optional<Distribution> side(Contest.Result result, String name) {
        return Optional.ofNullable(result.sides().get(name));
    }
}
