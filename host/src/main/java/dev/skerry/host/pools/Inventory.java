package dev.skerry.host.pools;

import dev.skerry.host.pools.Sizing.Marks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * What one pool has, what is being made for it, who waits for it; and what follows from that. Nobody waits while
 * something is ready. Has no clock, thread or lock: times are nanoseconds of the caller's, who calls one method at a
 * time.
 */
final class Inventory<M> {
    /** A member that nobody wanted for so long is replaced. */
    static final Duration AGE_MAX = Duration.ofMinutes(30);

    /** For so long there are more than the high mark before those are closed. */
    static final Duration SURPLUS_PATIENCE = Duration.ofSeconds(30);

    /** Until one has been made. */
    private static final Duration MAKING_ASSUMED = Duration.ofMillis(200);

    private final Deque<Item<M>> ready = new ArrayDeque<>();
    private final Deque<Taker<M>> takers = new ArrayDeque<>();
    private final Forecast forecast = new Forecast();
    private final Average making = new Average();
    private final Average bytes = new Average();
    private final Backoff backoff;
    private final int makers;
    private PoolPlan plan;
    private boolean planned = true;
    private int starting;
    private boolean filling;
    private boolean surplus;
    private long surplusSince;
    private long hits;
    private long misses;
    private long waits;
    private long refusals;
    private long failures;

    /** @param makers that work for this pool at a time, at most */
    Inventory(PoolPlan plan, int makers, RandomGenerator random) {
        this.plan = plan;
        this.makers = makers;
        this.backoff = new Backoff(random);
    }

    private record Item<M>(M member, long since) {}

    /** Somebody who waits for a member. */
    interface Taker<M> {
        void take(M member);

        /** There will be none. */
        void leave();
    }

    PoolPlan plan() {
        return plan;
    }

    int ready() {
        return ready.size();
    }

    int starting() {
        return starting;
    }

    int waiting() {
        return takers.size();
    }

    /** Somebody wants a member; what becomes of that is counted apart. */
    void claimed(long now) {
        forecast.claimed(now);
    }

    /** The member that waited longest. */
    Optional<M> take() {
        return Optional.ofNullable(ready.poll()).map(Item::member);
    }

    /** One that was claimed, and that nobody has used; false: it is not wanted any more. */
    boolean returned(M member, long now) {
        if (!planned || ready.size() + starting >= plan.cap()) {
            return false;
        }
        offer(member, () -> ready.addFirst(new Item<>(member, now)));
        return true;
    }

    void hit() {
        hits++;
    }

    void missed() {
        misses++;
    }

    /** There is none, and whoever wants one is to be told so. */
    Failure refusal(long now) {
        refusals++;
        String message = "no sandbox of the pool '" + Plans.name(plan) + "' is ready";
        return estimate(now)
                .map(time -> Failure.noCapacity(message, "one should be in " + time.toMillis() + " ms", time))
                .orElseGet(() -> new Failure(ErrorCode.NO_CAPACITY, message));
    }

    void waits() {
        waits++;
    }

    /** @param first before all others, because it was there before them */
    void queue(Taker<M> taker, boolean first) {
        if (first) {
            takers.addFirst(taker);
        } else {
            takers.addLast(taker);
        }
    }

    void forget(Taker<M> taker) {
        takers.remove(taker);
    }

    /** How long somebody who comes now will wait for a member; empty: it will get none. */
    Optional<Duration> estimate(long now) {
        if (!planned || plan.cap() == 0) {
            return Optional.empty();
        }
        long rounds = Math.ceilDiv(takers.size() + 1L, Math.min(makers, plan.cap()));
        return Optional.of(making().multipliedBy(rounds).plus(backoff.left(now)));
    }

    /** How many should be begun now, if there are processors for it. */
    int due(long now) {
        if (!planned || backoff.waits(now)) {
            return 0;
        }
        Marks marks = marks(now);
        int position = ready.size() + starting;
        // Who waits comes on top of what shall be there.
        int covered = position - takers.size();
        filling = covered < marks.low() || (filling && covered < marks.high());
        int due = Math.min(filling ? marks.high() - covered : takers.size() - position, plan.cap() - position);
        return Math.max(0, backoff.doubtful() ? Math.min(due, 1 - starting) : due);
    }

    /** Of {@link #due} those that somebody waits for, who is not asked whether there are processors. */
    int urgent(long now) {
        return Math.min(due(now), Math.max(0, takers.size() - starting));
    }

    /** Of what shall be ready, how much is or is being made; the pool with the least is filled first. */
    double filled(long now) {
        return (double) (ready.size() + starting) / Math.max(1, marks(now).high());
    }

    void begun() {
        starting++;
    }

    /** One that was begun is there. False: it is not wanted any more. */
    boolean made(M member, Duration took, long size, long now) {
        starting--;
        making.add(took.toNanos());
        measured(size);
        backoff.succeeded();
        if (!planned || ready.size() + starting >= plan.cap()) {
            return false;
        }
        offer(member, () -> ready.addLast(new Item<>(member, now)));
        return true;
    }

    private void offer(M member, Runnable whenNobodyWaits) {
        Taker<M> taker = takers.poll();
        if (taker == null) {
            whenNobodyWaits.run();
        } else {
            taker.take(member);
        }
    }

    /** One that was begun did not come to be. */
    void failed(Failure cause, long now) {
        starting--;
        fault(cause, now);
    }

    /** One that was ready has been found dead. */
    void died(long now) {
        fault(new Failure(ErrorCode.SANDBOX_GONE, "a member ended while it waited"), now);
    }

    private void fault(Failure cause, long now) {
        failures++;
        backoff.failed(cause, now);
    }

    /** What a member takes was looked at; 0: it could not be. */
    void measured(long size) {
        if (size > 0) {
            bytes.add(size);
        }
    }

    List<M> members() {
        return ready.stream().map(Item::member).toList();
    }

    /** Takes these out, as far as nobody has claimed them meanwhile; what it took is the caller's to close. */
    List<M> discard(Collection<M> bad) {
        Set<M> unwanted = new HashSet<>(bad);
        List<M> taken = members().stream().filter(unwanted::contains).toList();
        ready.removeIf(item -> unwanted.contains(item.member()));
        return taken;
    }

    /**
     * Takes out what is too many or, one at a time, too old; the caller closes it. What is above the cap, or costs more
     * than it may, goes at once, what is above the high mark after a while.
     */
    List<M> surplus(long now) {
        Marks marks = marks(now);
        List<M> out = new ArrayList<>();
        if (!ready.isEmpty() && now - ready.getFirst().since() > AGE_MAX.toNanos()) {
            out.add(ready.poll().member());
        }
        int position = ready.size() + starting;
        boolean over = position > marks.high();
        if (over && !surplus) {
            surplusSince = now;
        }
        surplus = over;
        boolean lasting = surplus && now - surplusSince >= SURPLUS_PATIENCE.toNanos();
        int allowed = Sizing.affordable(plan, bytes.value());
        int most = lasting ? marks.high() : allowed;
        while (!ready.isEmpty() && ready.size() + starting > most) {
            out.add(ready.poll().member());
        }
        return out;
    }

    /** Whether who finds none waits for one: to be asked before each {@link #queue}, as that is planned anew. */
    boolean awaited() {
        return planned && plan.cap() > 0 && plan.miss() == PoolPlan.Miss.WAIT;
    }

    /** Another plan for the same kind of member. */
    void replan(PoolPlan other) {
        plan = other;
        if (!awaited()) {
            dismiss();
        }
    }

    /** No longer planned: nobody waits for it, nothing more is begun, and what it has is the caller's to close. */
    List<M> end() {
        planned = false;
        dismiss();
        List<M> all = members();
        ready.clear();
        return all;
    }

    private void dismiss() {
        List.copyOf(takers).forEach(Taker::leave);
        takers.clear();
    }

    /** @param held whether it is not filled because no processor is idle */
    PoolState state(long now, boolean held) {
        Marks marks = marks(now);
        boolean due = due(now) > 0;
        return new PoolState(
                plan,
                ready.size(),
                starting,
                marks.high(),
                hits,
                misses,
                waits,
                refusals,
                failures,
                forecast.demand(now),
                making(),
                backoff.reason(now)
                        .or(() -> due && held ? Optional.of("no processor is idle") : Optional.empty())
                        .or(() -> marks.bounded() ? Optional.of("more would cost too much memory") : Optional.empty()));
    }

    /** Until it is worth to ask {@link #due} again without any event. */
    Duration pause(long now) {
        return backoff.left(now);
    }

    private Duration making() {
        return making.value().stream().mapToObj(Duration::ofNanos).findAny().orElse(MAKING_ASSUMED);
    }

    private Marks marks(long now) {
        return Sizing.marks(plan, forecast.demand(now), making(), makers, bytes.value());
    }
}
