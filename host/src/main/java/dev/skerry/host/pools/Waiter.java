package dev.skerry.host.pools;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.function.LongSupplier;

/** A thread that waits for a member. Everything is done with the lock of its condition. */
final class Waiter<M> implements Inventory.Taker<M> {
    private final Condition over;
    private Optional<M> given = Optional.empty();
    private boolean left;

    Waiter(Condition over) {
        this.over = over;
    }

    @Override
    public void take(M member) {
        given = Optional.of(member);
        over.signal();
    }

    @Override
    public void leave() {
        left = true;
        over.signal();
    }

    /** Empty when there was none until then, or there will be none. */
    Optional<M> await(long until, LongSupplier nanoClock) throws InterruptedException {
        while (given.isEmpty() && !left) {
            long nanos = until - nanoClock.getAsLong();
            if (nanos <= 0) {
                break;
            }
            over.await(nanos, TimeUnit.NANOSECONDS);
        }
        return given();
    }

    /** The member, which is the caller's now. */
    Optional<M> given() {
        Optional<M> member = given;
        given = Optional.empty();
        return member;
    }
}
