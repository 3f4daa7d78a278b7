package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.TransactionException;
import org.jspecify.annotations.Nullable;

/** A write that somebody waits for. It is taken once, or withdrawn once: what was given up is never carried out. */
final class PendingWrite<T> {
    private enum Turn {
        WAITS,
        TAKEN,
        WITHDRAWN
    }

    private final Guard guard;
    private final Write<T> work;
    private final AtomicReference<Turn> turn = new AtomicReference<>(Turn.WAITS);
    private final CompletableFuture<T> done = new CompletableFuture<>();

    // Of the thread that commits.
    private @Nullable T result;
    private @Nullable RuntimeException failure;

    PendingWrite(Guard guard, Write<T> work) {
        this.guard = guard;
        this.work = work;
    }

    boolean take() {
        return turn.compareAndSet(Turn.WAITS, Turn.TAKEN);
    }

    boolean withdraw() {
        return turn.compareAndSet(Turn.WAITS, Turn.WITHDRAWN);
    }

    /** Throws what the write throws, which who waits hears too; done again, only the last time counts. */
    void carryOut(Shared transaction) {
        failure = null;
        try {
            transaction.pass(guard);
            result = work.in(transaction.handle(), transaction.leftovers());
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    /** Likewise, when it shares nothing. */
    void carryOutAlone(Handle handle) {
        Shared transaction = new Shared(handle);
        carryOut(transaction);
        try {
            transaction.end();
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    /** The commit is on disk. */
    void succeed() {
        if (failure != null) {
            done.completeExceptionally(failure);
        } else {
            done.complete(result);
        }
    }

    /** The commit failed, or is not known to have succeeded. */
    void fail(Throwable cause) {
        RuntimeException own = failure;
        done.completeExceptionally(
                own != null
                        ? own
                        : cause instanceof Failure failed
                                ? failed
                                : new TransactionException("what was to be stored may not have been", cause));
    }

    /** @param turnBound how long it may wait to be taken; then there is no bound, as there is none in the database */
    T await(Duration turnBound) {
        long end = System.nanoTime() + turnBound.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                long left = turn.get() == Turn.WAITS ? Math.max(0, end - System.nanoTime()) : Long.MAX_VALUE;
                try {
                    return done.get(left, TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    if (withdraw()) {
                        throw new Failure(
                                ErrorCode.NO_CAPACITY,
                                "the database did not get to this write within " + turnBound.toSeconds() + " s",
                                "look at the disk that it is on; try again in a moment");
                    }
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException thrown ? thrown : new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
