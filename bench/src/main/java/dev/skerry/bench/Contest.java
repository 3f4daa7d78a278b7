package dev.skerry.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Sides measured in turn, one value each per round, so that a noisy minute of the machine meets all of them alike.
 *
 * @param title what is measured
 * @param unit of every side's values
 * @param warmups rounds whose values are thrown away
 */
public record Contest(String title, String unit, int warmups, int rounds, List<Side> sides) {
    public Contest {
        sides = List.copyOf(sides);
        if (rounds < 1 || sides.isEmpty()) {
            throw new IllegalArgumentException("a contest needs a round and a side");
        }
    }

    /** The values of each side, in the order of the sides. */
    public record Result(String title, Map<String, Distribution> sides) {}

    public Result run(Consumer<String> progress) throws Exception {
        progress.accept(title);
        List<double[]> values = new ArrayList<>();
        sides.forEach(_ -> values.add(new double[rounds]));
        for (int round = -warmups; round < rounds; round++) {
            for (int side = 0; side < sides.size(); side++) {
                // Each side goes first in turn: what one leaves in caches does not always help the same other.
                int turn = (side + Math.max(round, 0)) % sides.size();
                double value = sides.get(turn).probe().measure();
                if (round >= 0) {
                    values.get(turn)[round] = value;
                }
            }
        }
        Map<String, Distribution> result = new LinkedHashMap<>();
        for (int side = 0; side < sides.size(); side++) {
            result.put(sides.get(side).name(), new Distribution(unit, values.get(side)));
        }
        return new Result(title, result);
    }
}
