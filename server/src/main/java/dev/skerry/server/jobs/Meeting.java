package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.StageOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Where a program and its interactor meet: case by case both begin before either goes on, and both end before the next
 * one. Each waits only for what the other has, so it is over when the other one's job is. Thread-safe.
 */
final class Meeting {
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Side, Presence> present = new HashMap<>();
    private final List<Ends> ends = new ArrayList<>();
    private final Predicate<Ends> goOn;
    private final Duration wall;

    /** Who meets. */
    enum Side {
        SOLUTION,
        INTERACTOR;

        Side other() {
            return this == SOLUTION ? INTERACTOR : SOLUTION;
        }
    }

    private static final class Presence {
        private boolean ready;
        private int begun = -1;
        private Optional<JobControl> control = Optional.empty();
        private Optional<Conduit> out = Optional.empty();
        private boolean over;
    }

    /**
     * How both ended in a case.
     *
     * @param first who ended before the other
     */
    record Ends(Map<Side, StageOutcome> outcomes, Side first) {
        Optional<StageOutcome> of(Side side) {
            return Optional.ofNullable(outcomes.get(side));
        }
    }

    /**
     * @param wall how long a case may take at most, as the limits of both say
     * @param goOn whether the next case is run, after both have ended in one
     */
    Meeting(Duration wall, Predicate<Ends> goOn) {
        this.wall = wall;
        this.goOn = goOn;
        for (Side side : Side.values()) {
            present.put(side, new Presence());
        }
    }

    private Presence of(Side side) {
        Presence presence = present.get(side);
        if (presence == null) {
            throw new IllegalStateException(side.name());
        }
        return presence;
    }

    /** Waits until the other could begin its first case too: the time of a case goes by from the program's start. */
    void ready(Side side) {
        lock.lock();
        try {
            of(side).ready = true;
            changed.signalAll();
            while (!of(side.other()).ready && !of(side.other()).over) {
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the other has begun it too. Without another the program is ended. */
    void begins(Side side, int run, JobControl control) {
        lock.lock();
        try {
            Presence own = of(side);
            Presence other = of(side.other());
            own.begun = run;
            own.control = Optional.of(control);
            own.out = Optional.empty();
            changed.signalAll();
            while (other.begun < run && !other.over) {
                changed.await();
            }
            if (other.begun == run && !other.over && own.out.isEmpty()) {
                long end = System.nanoTime() + wall.plus(GRACE).toNanos();
                own.out = Optional.of(new Conduit(other.control.orElseThrow().stdin(), end));
                other.out = Optional.of(new Conduit(control.stdin(), end));
            } else if (own.out.isEmpty()) {
                control.kill();
            }
        } catch (InterruptedException e) {
            control.kill();
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    void wrote(Side side, byte[] bytes) {
        Optional<Conduit> out;
        lock.lock();
        try {
            out = of(side).out;
        } finally {
            lock.unlock();
        }
        out.ifPresent(conduit -> conduit.put(bytes));
    }

    /**
     * Waits until the other has ended too.
     *
     * @return whether the next case is run
     */
    boolean ended(Side side, int run, StageOutcome outcome) {
        lock.lock();
        try {
            if (ends.size() == run) {
                ends.add(new Ends(new HashMap<>(Map.of(side, outcome)), side));
            } else {
                ends.get(run).outcomes().put(side, outcome);
            }
            leave(side);
            boolean refused = side == Side.INTERACTOR && Verdict.of(outcome.status()) != Verdict.ACCEPTED;
            if (refused) {
                // It has said what it thinks: the other has nobody to talk to.
                of(side.other()).control.ifPresent(JobControl::kill);
            }
            changed.signalAll();
            while (ends.get(run).outcomes().size() < 2 && !of(side.other()).over) {
                changed.await();
            }
            return ends.get(run).outcomes().size() == 2 && goOn.test(ends.get(run));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** The other reads its end, and what the other writes is dropped. */
    private void leave(Side side) {
        of(side).out.ifPresent(Conduit::finish);
        of(side.other()).out.ifPresent(Conduit::breakOff);
    }

    /** Its job has ended, in whatever way. */
    void over(Side side) {
        lock.lock();
        try {
            of(side).over = true;
            leave(side);
            int last = of(side).begun;
            Presence other = of(side.other());
            boolean alone = other.begun > last || ends.size() <= other.begun;
            if (alone) {
                other.control.ifPresent(JobControl::kill);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Of the cases that were begun by both, as far as they got. */
    List<Ends> ends() {
        lock.lock();
        try {
            return List.copyOf(ends);
        } finally {
            lock.unlock();
        }
    }
}
