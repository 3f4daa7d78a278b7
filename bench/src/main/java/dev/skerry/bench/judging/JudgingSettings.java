package dev.skerry.bench.judging;

import java.util.List;

/**
 * What a run does.
 *
 * @param rounds values of each side, one after the other
 * @param callers numbers of callers at a time
 * @param each how often each caller runs the program in a round
 * @param callerRounds rounds with several callers
 * @param burst programs that are sent in the same moment
 */
record JudgingSettings(int warmups, int rounds, List<Integer> callers, int each, int callerRounds, int burst) {
    JudgingSettings {
        callers = List.copyOf(callers);
    }

    static JudgingSettings usual(boolean quick) {
        return quick
                ? new JudgingSettings(10, 20, List.of(2, 4), 5, 2, 40)
                : new JudgingSettings(30, 100, List.of(2, 4, 8, 16), 10, 4, 200);
    }
}
