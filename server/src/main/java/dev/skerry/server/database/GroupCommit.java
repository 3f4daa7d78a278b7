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
import org.jdbi.v3.core.Jdbi;

/**
 * Writes that come at the same time share one commit, and so one flush of the disk, which is what a write costs. Those
 * that come during a commit are the next group. The writes of a group do not see each other fail: a group in which one
 * fails is undone and carried out again, with a savepoint for each, so work may run twice. Groups are committed by one
 * thread that is not virtual, whose carrier would stand still with it in the database's native code. Thread-safe.
 */
final class GroupCommit implements AutoCloseable {
    private static final int TOGETHER_MAX = 256;

    /** Who carries out a write that finds nobody before it. */
    enum Lone {
        /** Its own thread, at once. */
        BY_ITSELF,
        /** The committer too: a connection that is a socket is lost when a virtual thread at it is interrupted. */
        BY_COMMITTER
    }

    private final Jdbi jdbi;
    private final Lone lone;
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
    GroupCommit(Jdbi jdbi, Lone lone, Duration turnBound) {
        this.jdbi = jdbi;
        this.lone = lone;
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
     * @param guard asked first; once for all writes of a group that have the same one, so what it finds has to hold
     *     until the transaction ends
     * @param work is carried out again when another of its group fails; only the last time counts
     * @throws Failure {@code NO_CAPACITY} when it could not begin in time; it was not done then
     */
    <T> T write(Guard guard, Write<T> work) {
        PendingWrite<T> write = new PendingWrite<>(guard, work);
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
            if (lone == Lone.BY_ITSELF && !committing && waiting.isEmpty() && write.take()) {
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
            if (!together(group)) {
                jdbi.useTransaction(handle -> group.forEach(write -> apart(handle, write)));
            }
        } catch (RuntimeException | Error e) {
            group.forEach(write -> write.fail(e));
            return;
        }
        group.forEach(PendingWrite::succeed);
    }

    /** Whether it was committed; otherwise nothing was. */
    private boolean together(List<PendingWrite<?>> group) {
        return jdbi.inTransaction(handle -> {
            if (group.size() == 1) {
                group.getFirst().carryOutAlone(handle);
                return true;
            }
            Shared shared = new Shared(handle);
            // That it is still there at the end says that the database has not rolled back by itself.
            handle.execute("SAVEPOINT all_of_many");
            try {
                group.forEach(write -> write.carryOut(shared));
                shared.end();
            } catch (RuntimeException e) {
                handle.rollback();
                return false;
            }
            handle.execute("RELEASE SAVEPOINT all_of_many");
            return true;
        });
    }

    /** What makes a savepoint fail, or going back to it, makes the group fail: a database that rolls back by itself. */
    private static void apart(Handle handle, PendingWrite<?> write) {
        handle.execute("SAVEPOINT one_of_many");
        try {
            write.carryOutAlone(handle);
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
