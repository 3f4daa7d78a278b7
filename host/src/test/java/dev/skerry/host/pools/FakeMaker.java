package dev.skerry.host.pools;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PoolPlan;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/** Makes numbers, when it is let, and knows what became of each. */
final class FakeMaker implements Maker<Integer> {
    /** How often one may be made; as much as it likes, at first. */
    final Semaphore allowed = new Semaphore(Integer.MAX_VALUE);

    final AtomicInteger asked = new AtomicInteger();
    final AtomicInteger atOnce = new AtomicInteger();
    final AtomicInteger atOnceMost = new AtomicInteger();
    final Map<Integer, AtomicInteger> closed = new ConcurrentHashMap<>();
    final Map<Integer, PoolPlan> made = new ConcurrentHashMap<>();
    final Map<Integer, Boolean> dead = new ConcurrentHashMap<>();
    volatile Duration preparing = Duration.ZERO;

    /** Does not mind being interrupted. */
    volatile boolean stubborn;

    /** Happens while one is looked at. */
    volatile Runnable looking = () -> {};

    volatile IntPredicate fails = number -> false;
    volatile IntPredicate stale = number -> false;
    volatile ErrorCode failure = ErrorCode.NO_CAPACITY;

    @Override
    public void prepare(PoolPlan plan) {
        LockSupport.parkNanos(preparing.toNanos());
    }

    @Override
    public Integer make(PoolPlan plan) throws InterruptedException {
        int number = asked.incrementAndGet();
        atOnceMost.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        try {
            if (stubborn) {
                allowed.acquireUninterruptibly();
            } else {
                allowed.acquire();
            }
            if (fails.test(number)) {
                throw new Failure(failure, "number " + number + " fails");
            }
            made.put(number, plan);
            closed.put(number, new AtomicInteger());
            return number;
        } finally {
            atOnce.decrementAndGet();
        }
    }

    @Override
    public boolean alive(Integer member, Runnable meanwhile) {
        meanwhile.run();
        looking.run();
        return !dead.containsKey(member);
    }

    @Override
    public boolean current(Integer member) {
        return !stale.test(member);
    }

    @Override
    public boolean fits(Integer member, Want want) {
        return current(member);
    }

    @Override
    public long bytes(Integer member) {
        return 1 << 20;
    }

    @Override
    public void close(Integer member) {
        closed.get(member).incrementAndGet();
    }

    /** Those that were closed; whoever closes one twice is found out here. */
    List<Integer> closed() {
        return closed.entrySet().stream()
                .filter(entry -> entry.getValue().get() > 0)
                .peek(entry -> {
                    if (entry.getValue().get() > 1) {
                        throw new AssertionError("number " + entry.getKey() + " was closed twice");
                    }
                })
                .map(Map.Entry::getKey)
                .toList();
    }
}
