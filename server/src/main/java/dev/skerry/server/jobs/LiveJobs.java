package dev.skerry.server.jobs;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Jobs that this server runs or will run, and those that it is just being given. Thread-safe. */
final class LiveJobs {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final Map<String, LiveJob> jobs = new HashMap<>();
    private final Set<String> coming = new HashSet<>();
    private final Set<String> undecided = new HashSet<>();

    /** Before it is stored, so that nobody takes it for one that was left behind. */
    void comes(String token) {
        lock.lock();
        try {
            coming.add(token);
        } finally {
            lock.unlock();
        }
    }

    /** The same of one that may be refused a place once it is stored, and is taken back then. */
    void asksForPlace(String token) {
        lock.lock();
        try {
            coming.add(token);
            undecided.add(token);
        } finally {
            lock.unlock();
        }
    }

    /** After {@link #comes} or {@link #asksForPlace}: it is here, or does not come. */
    void came(String token) {
        lock.lock();
        try {
            coming.remove(token);
            undecided.remove(token);
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits while it may still be taken back. */
    void awaitDecision(String token) {
        lock.lock();
        try {
            while (undecided.contains(token)) {
                more.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Instead of what was here of it before. */
    void put(LiveJob job) {
        lock.lock();
        try {
            jobs.put(job.token(), job);
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** @return false: it is here or comes, and stays as it is */
    boolean putNew(LiveJob job) {
        lock.lock();
        try {
            if (coming.contains(job.token()) || jobs.containsKey(job.token())) {
                return false;
            }
            jobs.put(job.token(), job);
            more.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Unless another has come in its place. */
    void remove(LiveJob job) {
        lock.lock();
        try {
            jobs.remove(job.token(), job);
        } finally {
            lock.unlock();
        }
    }

    Optional<LiveJob> get(String token) {
        lock.lock();
        try {
            return Optional.ofNullable(jobs.get(token));
        } finally {
            lock.unlock();
        }
    }

    /** Waits until it is here, but not longer. */
    void await(String token, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        lock.lockInterruptibly();
        try {
            long left = most.toNanos();
            while (left > 0 && !jobs.containsKey(token)) {
                boolean _ = more.await(left, TimeUnit.NANOSECONDS);
                left = end - System.nanoTime();
            }
        } finally {
            lock.unlock();
        }
    }

    List<LiveJob> all() {
        lock.lock();
        try {
            return List.copyOf(jobs.values());
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return jobs.size();
        } finally {
            lock.unlock();
        }
    }
}
