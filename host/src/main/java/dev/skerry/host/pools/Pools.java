package dev.skerry.host.pools;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pools of a host. One thread fills all of them ({@link Filling}), as many at a time as there are processors, and
 * one looks after what waits. A member is handed out once, to one claim, and is that one's to close; every other member
 * is closed here. Thread-safe: one lock guards what is in the {@link Inventory inventories}, and is not held while
 * something is made, looked at or closed.
 */
public final class Pools<M> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pools.class);

    private static final Duration LOOKING = Duration.ofSeconds(2);

    /** How often the processors are asked for, while there is need and none is idle. */
    private static final Duration ASKING = Duration.ofMillis(100);

    private final Maker<M> maker;
    private final Health<M> health;
    private final Spare spare;
    private final Requests requests;
    private final int makers;
    private final LongSupplier nanoClock;
    private final RandomGenerator random;
    private final Duration looking;
    private final Closing<M> closing;
    private final ExecutorService making = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("pool-making-", 0).factory());
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition ended = lock.newCondition();
    private final ExecutorService own = Executors.newVirtualThreadPerTaskExecutor();
    // Guarded by the lock:
    private List<Inventory<M>> pools = List.of();
    private int beingMade;
    private boolean held;
    private boolean closed;

    /** @param processors of the machine: so many members are made at a time, where they are idle */
    public Pools(Maker<M> maker, int processors) {
        this(maker, HostSpare.of(processors), processors, System::nanoTime, RandomGenerator.getDefault(), LOOKING);
    }

    /** @param looking how often what waits is looked at */
    Pools(Maker<M> maker, Spare spare, int makers, LongSupplier nanoClock, RandomGenerator random, Duration looking) {
        this.maker = maker;
        this.health = new Health<>(maker);
        this.spare = spare;
        this.requests = new Requests(spare, nanoClock);
        this.makers = makers;
        this.nanoClock = nanoClock;
        this.random = random;
        this.looking = looking;
        this.closing = new Closing<>(maker, makers);
        own.execute(this::fill);
        own.execute(this::keep);
    }

    /**
     * A member that was claimed.
     *
     * @param plan of the pool that had it
     */
    public record Claim<M>(M member, PoolPlan plan) {}

    /** What is done for a request begins. */
    public Work work() {
        return requests.begin(() -> locked(changed::signal));
    }

    /**
     * Replaces the plans. A pool whose template, isolation, prestart and size stay goes on with what it has and knows.
     *
     * @throws Failure {@code INVALID_REQUEST}; nothing has changed then
     */
    public void plan(List<PoolPlan> plans) {
        Plans.check(plans);
        locked(() -> {
            if (closed) {
                return;
            }
            List<Inventory<M>> next = new ArrayList<>();
            List<Inventory<M>> old = new ArrayList<>(pools);
            for (PoolPlan plan : plans) {
                Optional<Inventory<M>> same = old.stream()
                        .filter(pool -> Plans.sameKind(pool.plan(), plan))
                        .findFirst();
                same.ifPresent(pool -> pool.replan(plan));
                same.ifPresent(old::remove);
                next.add(same.orElseGet(() -> new Inventory<>(plan, makers, random)));
            }
            pools = List.copyOf(next);
            old.forEach(pool -> closing.close(pool.end()));
            pools.forEach(pool -> closing.close(pool.surplus(now())));
            changed.signal();
        });
    }

    /**
     * A member for a job, which nobody had before. Empty where there is none and one shall be made for the job; waits
     * for one where the plan says so and it may come in time.
     *
     * @param prepare done to a member that may be the one while it is asked whether it lives, so perhaps in vain; it
     *     throws nothing
     * @throws Failure {@code NO_CAPACITY}, with an estimate, where the plan says that such a job is refused
     */
    public Optional<Claim<M>> claim(Want want, Consumer<M> prepare) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            List<Inventory<M>> will = want.candidates(pools);
            if (will.isEmpty()) {
                return Optional.empty();
            }
            Inventory<M> best = will.getFirst();
            best.claimed(now());
            requests.came();
            changed.signal();
            Optional<Claim<M>> found = ready(will, want, prepare);
            if (found.isPresent()) {
                return found;
            }
            return switch (best.plan().miss()) {
                case COLD -> miss(best);
                case WAIT -> await(best, want, prepare);
                case REFUSE -> throw best.refusal(now());
            };
        } finally {
            lock.unlock();
        }
    }

    /** Takes back one that was claimed and that nobody has used or will. */
    public void giveBack(Claim<M> claim) {
        locked(() -> {
            boolean wanted = pools.stream()
                    .filter(pool -> Plans.sameKind(pool.plan(), claim.plan()))
                    .anyMatch(pool -> pool.returned(claim.member(), now()));
            if (!wanted) {
                closing.close(List.of(claim.member()));
            }
        });
    }

    /** The plans of pools of that template, for clients' sandboxes of that shape, or for jobs. */
    public List<PoolPlan> plans(String template, Optional<PoolPlan.Shape> shape) {
        lock.lock();
        try {
            return Plans.of(pools, template, shape);
        } finally {
            lock.unlock();
        }
    }

    /** Somebody came whom no member suits, whatever there is. */
    public void missed(Want want) {
        locked(() -> want.candidates(pools).stream().findFirst().ifPresent(Inventory::missed));
    }

    private Optional<Claim<M>> ready(List<Inventory<M>> will, Want want, Consumer<M> prepare)
            throws InterruptedException {
        for (Inventory<M> pool : will) {
            for (var member = pool.take(); member.isPresent(); member = pool.take()) {
                if (usable(pool, member.get(), want, prepare)) {
                    pool.hit();
                    return Optional.of(new Claim<>(member.get(), pool.plan()));
                }
            }
        }
        return Optional.empty();
    }

    /** Of one that has been taken; if it is not, it is closed. Gives the lock away meanwhile. */
    private boolean usable(Inventory<M> pool, M member, Want want, Consumer<M> prepare) throws InterruptedException {
        boolean fits = maker.fits(member, want);
        boolean usable = false;
        lock.unlock();
        try {
            usable = fits && health.alive(member, () -> prepare.accept(member));
        } finally {
            lock.lock();
            if (!usable) {
                closing.close(List.of(member));
            }
        }
        if (fits && !usable) {
            pool.died(now());
        }
        return usable;
    }

    private Optional<Claim<M>> miss(Inventory<M> pool) {
        pool.missed();
        return Optional.empty();
    }

    /** Who would wait in vain does not wait. */
    private Optional<Claim<M>> await(Inventory<M> pool, Want want, Consumer<M> prepare) throws InterruptedException {
        long until = now() + pool.plan().patience().toNanos();
        Optional<Duration> estimate = pool.estimate(now());
        if (estimate.isEmpty() || estimate.get().compareTo(pool.plan().patience()) > 0) {
            return miss(pool);
        }
        pool.waits();
        Optional<M> member = member(pool, false, until);
        while (member.isPresent() && !usable(pool, member.get(), want, prepare)) {
            member = pool.awaited() ? member(pool, true, until) : Optional.empty();
        }
        return member.isPresent() ? Optional.of(new Claim<>(member.get(), pool.plan())) : miss(pool);
    }

    /**
     * What is handed to somebody who gives up at that moment is closed.
     *
     * @param first before others who wait
     */
    private Optional<M> member(Inventory<M> pool, boolean first, long until) throws InterruptedException {
        Optional<M> ready = pool.take();
        if (ready.isPresent()) {
            return ready;
        }
        Waiter<M> waiter = new Waiter<>(lock.newCondition());
        pool.queue(waiter, first);
        changed.signal();
        try {
            return waiter.await(until, nanoClock);
        } catch (InterruptedException e) {
            waiter.given().ifPresent(member -> closing.close(List.of(member)));
            throw e;
        } finally {
            pool.forget(waiter);
        }
    }

    /** Each pool as it is now, in the order of the plans. */
    public List<PoolState> states() {
        lock.lock();
        try {
            return pools.stream().map(pool -> pool.state(now(), held)).toList();
        } finally {
            lock.unlock();
        }
    }

    private void fill() {
        lock.lock();
        try {
            while (!closed) {
                begin();
                changed.awaitNanos(pause(now()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void begin() {
        Filling.Round<M> round =
                Filling.begin(pools, makers - beingMade, requests.idle(beingMade), requests.justCame(), now());
        held = round.held();
        for (Inventory<M> pool : round.pools()) {
            beingMade++;
            PoolPlan plan = pool.plan();
            making.execute(() -> make(pool, plan));
        }
    }

    /** Until something happens, or what time alone changes: a backoff ends, a processor becomes idle. */
    private long pause(long now) {
        long backoff = pools.stream()
                .mapToLong(pool -> pool.pause(now).toNanos())
                .filter(nanos -> nanos > 0)
                .min()
                .orElse(Long.MAX_VALUE);
        Duration asking = requests.justCame() ? Requests.MOMENT : ASKING;
        return held ? Math.min(asking.toNanos(), backoff) : backoff;
    }

    private void make(Inventory<M> pool, PoolPlan plan) {
        spare.begins();
        try {
            maker.prepare(plan);
            long start = now();
            M member = maker.make(plan);
            Duration took = Duration.ofNanos(now() - start);
            long bytes = health.bytes(member);
            locked(() -> {
                if (!pool.made(member, took, bytes, now())) {
                    closing.close(List.of(member));
                }
            });
        } catch (InterruptedException e) {
            locked(() -> pool.failed(new Failure(ErrorCode.SANDBOX_GONE, "its making was interrupted", e), now()));
        } catch (Failure e) {
            locked(() -> pool.failed(e, now()));
        } catch (RuntimeException | Error e) {
            LOG.atError().setCause(e).addKeyValue("pool", Plans.name(plan)).log("a pool cannot be filled");
            locked(() -> pool.failed(new Failure(ErrorCode.INTERNAL, e.toString(), e), now()));
        } finally {
            locked(() -> {
                beingMade--;
                changed.signal();
            });
        }
    }

    private void keep() {
        lock.lock();
        try {
            while (!closed) {
                for (Inventory<M> pool : pools) {
                    look(pool);
                    closing.close(pool.surplus(now()));
                }
                changed.signal();
                ended.awaitNanos(looking.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** Removes what has died or is of an earlier template. Gives the lock away while it looks. */
    private void look(Inventory<M> pool) throws InterruptedException {
        List<M> dead = new ArrayList<>();
        List<M> stale = new ArrayList<>();
        Map<M, Long> sizes = new HashMap<>();
        for (M member : pool.members()) {
            lock.unlock();
            try {
                if (!health.alive(member, () -> {})) {
                    dead.add(member);
                } else if (!health.current(member)) {
                    stale.add(member);
                } else {
                    sizes.put(member, health.bytes(member));
                }
            } finally {
                lock.lock();
            }
        }
        // Not of those that are somebody's by now.
        pool.members().forEach(member -> pool.measured(sizes.getOrDefault(member, 0L)));
        List<M> gone = pool.discard(dead);
        gone.forEach(_ -> pool.died(now()));
        closing.close(gone);
        closing.close(pool.discard(stale));
    }

    /** Closes all that is not claimed, what is just being made included, and waits until nothing of it is left. */
    @Override
    public void close() {
        locked(() -> {
            closed = true;
            pools.forEach(pool -> closing.close(pool.end()));
            pools = List.of();
            changed.signalAll();
            ended.signalAll();
        });
        making.shutdownNow();
        making.close();
        own.close();
        closing.close();
    }

    private long now() {
        return nanoClock.getAsLong();
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }
}
