package dev.skerry.bench.chaos;

import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/** Which fault comes next, drawn from the seed alone: the same seed gives the same sequence. */
final class Schedule {
    private static final List<FaultKind> EVERYTHING = List.of(
            FaultKind.HOLDER_KILLED,
            FaultKind.HOLDER_KILLED,
            FaultKind.STANDBY_KILLED,
            FaultKind.BOTH_KILLED,
            FaultKind.HOLDER_STOPPED,
            FaultKind.HOLDER_STOPPED,
            FaultKind.STANDBY_STOPPED,
            FaultKind.SHIM_KILLED,
            FaultKind.SHIM_KILLED,
            FaultKind.SHIM_STOPPED,
            FaultKind.SHIM_STOPPED,
            FaultKind.GUESTD_KILLED,
            FaultKind.GUESTD_KILLED,
            FaultKind.GUESTD_STOPPED,
            FaultKind.GUESTD_STOPPED,
            FaultKind.SPAWNER_KILLED,
            FaultKind.SPAWNER_STOPPED,
            FaultKind.DATABASE_STOPPED,
            FaultKind.DISK_FULL,
            FaultKind.CLIENT_KILLED);

    private static final List<FaultKind> KILLS = List.of(
            FaultKind.HOLDER_KILLED,
            FaultKind.STANDBY_KILLED,
            FaultKind.SHIM_KILLED,
            FaultKind.SHIM_KILLED,
            FaultKind.GUESTD_KILLED,
            FaultKind.GUESTD_KILLED,
            FaultKind.CLIENT_KILLED,
            FaultKind.CLIENT_KILLED);

    private final RandomGenerator random;
    private final ChaosSettings settings;
    private int number;

    Schedule(ChaosSettings settings) {
        this.settings = settings;
        this.random = new Random(settings.seed());
    }

    /**
     * A fault to be done.
     *
     * @param choice which of those that can be hit
     * @param share how long it lasts, of what its kind may: 0 to 1
     * @param pauseMillis before the next
     */
    record Planned(int number, FaultKind kind, int choice, double share, int pauseMillis) {}

    /** Half way through, the database is away for long; once in a run. */
    Planned next() {
        number++;
        List<FaultKind> kinds = settings.killsOnly() ? KILLS : EVERYTHING;
        FaultKind drawn = kinds.get(random.nextInt(kinds.size()));
        int choice = random.nextInt(1 << 20);
        double share = random.nextDouble();
        int pause = random.nextInt(settings.pauseMillisMax());
        boolean away = !settings.killsOnly() && number == (settings.faults() + 1) / 2;
        return new Planned(number, away ? FaultKind.DATABASE_AWAY : drawn, choice, share, pause);
    }
}
