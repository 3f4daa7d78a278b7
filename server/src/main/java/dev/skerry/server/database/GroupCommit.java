package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;

/**
 * Writes that come at the same time share one commit, and so one flush of the disk, which is what a write costs. A
 * write that finds nobody before it is carried out at once, by its own thread unless that is virtual; those that come
 * meanwhile are the next group. The writes of a group do not see each other fail: each has a savepoint. Groups are
 * committed by one thread that is not virtual, whose carrier would stand still with it in the database's native code.
 * Thread-safe.
 */
final class GroupCommit implements AutoCloseable {
    private static final int TOGETHER_MAX = 256;

    private final Jdbi jdbi;
    private final Duration turnBound;
    private final Thread committer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Bounded by the number of those who wait for them. */
    private final Deque<PendingWrite<?>> waiting = new ArrayDeque<>();

    private boolean committing;
    private boolean closed;

    /**
     * @param jdbi of the connection that writes
     * @param turnBound how long a write may wait until it is its turn
     */
    GroupCommit(Jdbi jdbi, Duration turnBound) {
        this.jdbi = jdbi;
        this.turnBound = turnBound;
        this.committer = Thread.ofPlatform().name("database-writer").daemon().unstarted(this::run);
    }

    GroupCommit start() {
        committer.start();
        return this;
    }

    /**
     * Does that in a transaction; returns when it is on disk. An interrupted thread waits all the same, and stays
     * interrupted.
     *
     * @throws Failure {@code NO_CAPACITY} when it could not begin in time; it was not done then
     */
    <T> T write(HandleCallback<T, RuntimeException> work) {
        PendingWrite<T> write = new PendingWrite<>(work);
        if (goesAtOnce(write)) {
            try {
                commit(List.of(write));
            } finally {
                committed();
            }
        }
        return write.await(turnBound);
    }

    private boolean goesAtOnce(PendingWrite<?> write) {
        lock.lock();
        try {
            if (closed) {
                throw new Failure(ErrorCode.NO_CAPACITY, "the server is being stopped", "try again in a moment");
            }
            // A virtual thread that is interrupted closes the connection it waits on: PostgreSQL's is a socket.
            boolean own = !Thread.currentThread().isVirtual();
            if (own && !committing && waiting.isEmpty() && write.take()) {
                committing = true;
                return true;
            }
            waiting.add(write);
            wakeCommitter();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held; not while somebody commits, who does it afterwards. */
    private void wakeCommitter() {
        if (!committing && (closed || !waiting.isEmpty())) {
            changed.signal();
        }
    }

    private void run() {
        for (List<PendingWrite<?>> group = next(); !group.isEmpty(); group = next()) {
            commit(group);
            committed();
        }
    }

    /** Empty when it is closed and nothing is left. */
    private List<PendingWrite<?>> next() {
        lock.lock();
        try {
            List<PendingWrite<?>> group = new ArrayList<>();
            while (group.isEmpty() && !(closed && waiting.isEmpty() && !committing)) {
                if (committing || waiting.isEmpty()) {
                    changed.awaitUninterruptibly();
                }
                while (!committing && !waiting.isEmpty() && group.size() < TOGETHER_MAX) {
                    PendingWrite<?> write = waiting.remove();
                    if (write.take()) {
                        group.add(write);
                    }
                }
            }
            committing = true;
            return group;
        } finally {
            lock.unlock();
        }
    }

    private void committed() {
        lock.lock();
        try {
            committing = false;
            wakeCommitter();
        } finally {
            lock.unlock();
        }
    }

    private void commit(List<PendingWrite<?>> group) {
        try {
            jdbi.useTransaction(handle -> {
                if (group.size() == 1) {
                    group.getFirst().carryOut(handle);
                } else {
                    group.forEach(write -> guarded(handle, write));
                }
            });
        } catch (RuntimeException | Error e) {
            group.forEach(write -> write.fail(e));
            return;
        }
        group.forEach(PendingWrite::succeed);
    }

    /** What makes a savepoint fail, or going back to it, makes the group fail: a database that rolls back by itself. */
    private static void guarded(Handle handle, PendingWrite<?> write) {
        handle.execute("SAVEPOINT one_of_many");
        try {
            write.carryOut(handle);
        } catch (RuntimeException e) {
            handle.execute("ROLLBACK TO SAVEPOINT one_of_many");
        }
        handle.execute("RELEASE SAVEPOINT one_of_many");
    }

    /** How many wait for the next group. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    boolean closed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Carries out what waits, and refuses what comes. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            wakeCommitter();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (committer.isAlive()) {
            try {
                committer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
