package dev.skerry.host.pools;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Decides which pools get the next members. */
final class Filling {
    private static final double HALF = 0.5;

    private Filling() {}

    /**
     * What was begun.
     *
     * @param pools one entry for each member
     * @param held whether more is due, and no processor is idle for it
     */
    record Round<M>(List<Inventory<M>> pools, boolean held) {}

    /**
     * Begins members: first those that somebody waits for, which are requests like others and ask for no idle
     * processor; then, with what is idle, for the pool that has the smallest part of what it should have. While a
     * request is being served that came a moment ago, only for pools that have less than half of it.
     *
     * @param free makers that have nothing to do
     * @param idle processors that nobody uses
     * @param serving whether a request that has just come is being served
     */
    static <M> Round<M> begin(List<Inventory<M>> pools, int free, int idle, boolean serving, long now) {
        List<Inventory<M>> begun = new ArrayList<>();
        int left = idle;
        while (begun.size() < free) {
            Optional<Inventory<M>> urgent =
                    pools.stream().filter(pool -> pool.urgent(now) > 0).findFirst();
            Optional<Inventory<M>> emptiest = pools.stream()
                    .filter(pool -> pool.due(now) > 0)
                    .min(Comparator.comparingDouble(pool -> pool.filled(now)));
            int may = left;
            Optional<Inventory<M>> next =
                    urgent.or(() -> emptiest.filter(pool -> may > 0 && (!serving || pool.filled(now) < HALF)));
            if (next.isEmpty()) {
                return new Round<>(begun, emptiest.isPresent());
            }
            next.get().begun();
            begun.add(next.get());
            left--;
        }
        return new Round<>(begun, false);
    }
}
