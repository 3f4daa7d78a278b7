package dev.skerry.bench.judging;

import dev.skerry.bench.jobs.SmallProgram;
import java.time.Duration;
import java.util.List;

/**
 * What a run does.
 *
 * @param rounds values of each side, one after the other; of programs that take a second fewer
 * @param most how long that takes about at most, of each program; then there are fewer values
 * @param callers numbers of callers at a time
 * @param each how long a round with several callers takes, of each side
 * @param callerRounds such rounds
 * @param burst programs that are sent in the same moment
 * @param bursts how often that is done
 */
record JudgingSettings(
        int warmups,
        int rounds,
        Duration most,
        List<Integer> callers,
        Duration each,
        int callerRounds,
        int burst,
        int bursts) {
    /** A round of a program that takes a second takes as long as some of others. */
    private static final int SLOW = 6;

    private static final int ROUNDS_LEAST = 5;

    JudgingSettings {
        callers = List.copyOf(callers);
    }

    static JudgingSettings usual(boolean quick) {
        return quick
                ? new JudgingSettings(3, 10, Duration.ofSeconds(15), List.of(2, 4), Duration.ofMillis(500), 1, 40, 1)
                : new JudgingSettings(
                        10, 60, Duration.ofSeconds(30), List.of(2, 4, 8, 16), Duration.ofMillis(1500), 3, 200, 3);
    }

    private static boolean slow(SmallProgram program) {
        return program.equals(SmallProgram.JAVA);
    }

    int warmups(SmallProgram program) {
        return slow(program) ? Math.ceilDiv(warmups, SLOW) : warmups;
    }

    Duration most(SmallProgram program) {
        return slow(program) ? most.multipliedBy(2) : most;
    }

    /**
     * Whether there is another round.
     *
     * @param round its number; below 0 to warm up
     * @param endNanos when the time is over, for all but the least
     */
    boolean another(SmallProgram program, int round, long endNanos) {
        int all = slow(program) ? Math.ceilDiv(rounds, SLOW) : rounds;
        return round < Math.min(all, ROUNDS_LEAST) || (round < all && System.nanoTime() < endNanos);
    }

    int callerRounds(SmallProgram program) {
        return slow(program) ? 1 : callerRounds;
    }
}
