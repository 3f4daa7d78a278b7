package dev.skerry.host.pools;

import dev.skerry.wire.jobs.PoolPlan;
import java.time.Duration;
import java.util.OptionalLong;

/** How many members a pool should have. */
final class Sizing {
    /** Refilling goes on to a quarter above the mark at which it begins, so that it does not begin at each claim. */
    private static final int SLACK_DIVISOR = 4;

    /** None is made that would take more of the bound on memory, lest it be closed when the others grow a little. */
    private static final double AFFORDED = 0.9;

    private Sizing() {}

    /**
     * Between which numbers a pool is kept.
     *
     * @param low with fewer, ready or being made, refilling begins
     * @param high it goes on until there are so many; more are closed, after a while
     * @param bounded whether what waiting may cost keeps it lower than it would be
     */
    record Marks(int low, int high, boolean bounded) {}

    /**
     * The stock that demand asks for, not below the floor, not above the cap; and not above what its memory may cost,
     * which counts more than the floor.
     *
     * @param demand claims a second
     * @param making of one member
     * @param makers that work at a time
     * @param memberBytes that a member takes while it waits; while that is not known, what it may take is assumed, and
     *     one is made to find out
     */
    static Marks marks(PoolPlan plan, double demand, Duration making, int makers, OptionalLong memberBytes) {
        long affordable = memberBytes.isPresent()
                ? (long) (AFFORDED * plan.idleBytes() / Math.max(1, memberBytes.getAsLong()))
                : Math.max(1, plan.idleBytes() / Math.max(1, plan.sandboxBytes()));
        int most = (int) Math.min(plan.cap(), affordable);
        int stock = stock(demand * making.toNanos() / 1e9, makers, plan.hitRate(), plan.cap());
        int wanted = Math.min(plan.cap(), Math.max(plan.floor(), stock));
        int low = Math.min(wanted, most);
        return new Marks(low, Math.min(most, low + low / SLACK_DIVISOR), low < wanted);
    }

    /** How many there may be, whatever demand says; more are closed. */
    static int affordable(PoolPlan plan, OptionalLong memberBytes) {
        long most = plan.idleBytes() / Math.max(1, memberBytes.orElse(1));
        return (int) Math.min(plan.cap(), most);
    }

    /**
     * The smallest stock of which a claim finds one with that probability. Each claim orders a new member, so what is
     * missing from the stock is what is in the queue of so many makers, M/M/c: n orders have a probability in
     * proportion to loadⁿ/n!, and from c on each further one has load/c times that of the one before (Erlang). A claim
     * finds a member when fewer orders than the stock are open.
     *
     * @param load claims that come while one member is made
     * @param most where makers cannot keep up, no stock is enough, and this is the answer
     */
    static int stock(double load, int makers, double hitRate, int most) {
        if (load <= 0 || hitRate <= 0) {
            return 0;
        }
        double usage = load / makers;
        if (usage >= 1) {
            return most;
        }
        double wanted = hitRate * total(load, makers, usage);
        double weight = 1;
        double sum = 0;
        for (int orders = 0; orders < most; orders++) {
            sum += weight;
            if (sum >= wanted) {
                return orders + 1;
            }
            weight *= load / Math.min(orders + 1, makers);
        }
        return most;
    }

    /** Of the weights of all numbers of orders, where none has 1. */
    private static double total(double load, int makers, double usage) {
        double weight = 1;
        double sum = 0;
        for (int orders = 0; orders < makers; orders++) {
            sum += weight;
            weight *= load / (orders + 1);
        }
        return sum + weight / (1 - usage);
    }
}
