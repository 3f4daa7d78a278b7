package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.SmallProgram;
import java.time.Duration;
import java.util.List;

/**
 * What a run does.
 *
 * @param rounds values of each side, one after the other; of programs that take a second fewer
 * @param callers numbers of callers at a time
 * @param each how long a round with several callers takes, of each side
 * @param callerRounds such rounds
 * @param burst programs that are sent in the same moment
 * @param bursts how often that is done
 */
record JudgingSettings(
        int warmups, int rounds, List<Integer> callers, Duration each, int callerRounds, int burst, int bursts) {
    /** A round of such a program takes as long as ten of others. */
    private static final int SLOW = 6;

    JudgingSettings {
        callers = List.copyOf(callers);
    }

    static JudgingSettings usual(boolean quick) {
        return quick
                ? new JudgingSettings(3, 10, List.of(2, 4), Duration.ofMillis(500), 1, 40, 1)
                : new JudgingSettings(10, 60, List.of(2, 4, 8, 16), Duration.ofMillis(2000), 3, 200, 3);
    }

    int rounds(SmallProgram program) {
        return program.equals(SmallProgram.JAVA) ? Math.ceilDiv(rounds, SLOW) : rounds;
    }

    int warmups(SmallProgram program) {
        return program.equals(SmallProgram.JAVA) ? Math.ceilDiv(warmups, SLOW) : warmups;
    }

    int callerRounds(SmallProgram program) {
        return program.equals(SmallProgram.JAVA) ? 1 : callerRounds;
    }
}
