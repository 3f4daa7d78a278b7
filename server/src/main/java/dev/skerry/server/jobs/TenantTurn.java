package dev.skerry.server.jobs;

import dev.skerry.server.jobs.FairOrder.Place;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A tenant in the order, with its users. Its tag is when its next job begins in the time of the order, which goes on by
 * what jobs cost; its users have tags of their own, which go on by what the tenant's jobs cost. Between priorities the
 * higher goes first, where those that wait have become higher; between users of the same the lower tag does.
 */
final class TenantTurn<J> {
    private final String name;
    private final Map<String, User> users = new HashMap<>();
    private final TreeMap<Integer, Level<J>> levels = new TreeMap<>(Comparator.reverseOrder());
    private double tag;
    private double virtual;
    private long since;
    private int cap;
    private int waiting;
    private int running;

    private static final class User {
        private double tag;
        private long since;
        private int waiting;
        private int running;

        double tag() {
            return tag;
        }

        long since() {
            return since;
        }

        boolean idle() {
            return waiting == 0 && running == 0;
        }
    }

    /** What waits of one priority. */
    private static final class Level<J> {
        private final int priority;
        private final LinkedHashSet<Place<J>> arrivals = new LinkedHashSet<>();
        private final Map<User, ArrayDeque<Place<J>>> lines = new HashMap<>();
        private final TreeSet<User> order =
                new TreeSet<>(Comparator.comparingDouble(User::tag).thenComparingLong(User::since));

        private Level(int priority) {
            this.priority = priority;
        }

        private int effective(long now) {
            long waited = now - arrivals.getFirst().arrival();
            long raised = priority + Math.max(0, waited) / FairOrder.AGING.toNanos();
            return (int) Math.min(FairOrder.PRIORITY_MAX, raised);
        }

        private void add(User user, Place<J> place) {
            arrivals.add(place);
            lines.computeIfAbsent(user, _ -> new ArrayDeque<>()).add(place);
            order.add(user);
        }

        private void remove(User user, Place<J> place) {
            arrivals.remove(place);
            ArrayDeque<Place<J>> line = lines.get(user);
            line.remove(place);
            if (line.isEmpty()) {
                lines.remove(user);
                order.remove(user);
            }
        }
    }

    TenantTurn(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    double tag() {
        return tag;
    }

    /** The number of the job with which it began to wait: of those with the same tag the first goes first. */
    long since() {
        return since;
    }

    int waiting() {
        return waiting;
    }

    int running() {
        return running;
    }

    int users() {
        return users.size();
    }

    boolean idle() {
        return waiting == 0 && running == 0;
    }

    /** It has no claim to what was before. */
    void notBefore(double time) {
        tag = Math.max(tag, time);
    }

    void waitsSince(long number, double time) {
        since = number;
        notBefore(time);
    }

    /** @param most jobs that run at a time; {@link FairOrder#SHARE}: as many as those of others */
    void capped(int most) {
        cap = most;
    }

    /**
     * Whether no more of its jobs may run now.
     *
     * @param share that may of a tenant that has no bound of its own
     */
    boolean full(int share) {
        return running >= (cap == FairOrder.SHARE ? share : cap);
    }

    void add(Place<J> place) {
        User user = users.computeIfAbsent(place.claim().user(), _ -> new User());
        if (user.waiting == 0) {
            user.since = place.number();
            user.tag = Math.max(user.tag, virtual);
        }
        levels.computeIfAbsent(place.claim().priority(), Level::new).add(user, place);
        user.waiting++;
        waiting++;
    }

    Place<J> take(long now, double weight) {
        Level<J> level = turn(now);
        User user = level.order.first();
        Place<J> place = level.lines.get(user).getFirst();
        virtual = Math.max(virtual, user.tag);
        withdraw(user, place);
        double cost = place.claim().cost();
        advance(user, cost);
        tag += cost / weight;
        user.running++;
        running++;
        return place;
    }

    private Level<J> turn(long now) {
        Level<J> best = levels.firstEntry().getValue();
        for (Level<J> level : levels.values()) {
            int more = Integer.compare(level.effective(now), best.effective(now));
            if (more > 0 || (more == 0 && level.order.first().tag < best.order.first().tag)) {
                best = level;
            }
        }
        return best;
    }

    private void withdraw(User user, Place<J> place) {
        Level<J> level = levels.get(place.claim().priority());
        level.remove(user, place);
        if (level.arrivals.isEmpty()) {
            levels.remove(level.priority);
        }
        user.waiting--;
        waiting--;
    }

    /** Its place in each level goes by its tag. */
    private void advance(User user, double by) {
        levels.values().forEach(level -> level.order.remove(user));
        user.tag += by;
        levels.values().stream().filter(level -> level.lines.containsKey(user)).forEach(level -> level.order.add(user));
    }

    void ended(Place<J> place, double took, double weight) {
        double more = took - place.claim().cost();
        User user = users.get(place.claim().user());
        advance(user, more);
        tag += more / weight;
        user.running--;
        running--;
    }

    void remove(Place<J> place) {
        withdraw(users.get(place.claim().user()), place);
    }

    /** @param all also those that have had more than the others */
    void forgetUsers(boolean all) {
        users.values().removeIf(user -> user.idle() && (all || user.tag <= virtual));
    }

    List<Place<J>> places() {
        return levels.values().stream()
                .flatMap(level -> level.arrivals.stream())
                .toList();
    }

    /** How many of this tenant go before one that comes now. */
    int ahead(String name, int priority, long now) {
        User own = users.get(name);
        int before = 0;
        for (Level<J> level : levels.values()) {
            int effective = level.effective(now);
            if (effective > priority) {
                before += level.arrivals.size();
            } else if (effective == priority) {
                int mine = own == null || !level.lines.containsKey(own)
                        ? 0
                        : level.lines.get(own).size();
                for (ArrayDeque<Place<J>> line : level.lines.values()) {
                    before += Math.min(line.size(), mine + 1);
                }
                // The own line has no more than itself before it.
            }
        }
        return before;
    }
}
