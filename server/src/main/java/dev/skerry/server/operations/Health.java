package dev.skerry.server.operations;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Whether the server is well. All checks run at the same time, each on a thread of its own and at most once at a time:
 * one that hangs is reported as such and is not started again before it has come back. A report is kept for a second,
 * so that asking often costs nothing. Thread-safe.
 */
public final class Health {
    private static final Duration KEPT = Duration.ofSeconds(1);

    private final List<Watched> checks;
    private final Duration bound;
    private final Duration kept;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean draining;
    private List<Finding> last = List.of();
    private long lastAtNanos;

    /** How a check came out. */
    public enum State {
        OK,
        FAILED,
        TIMED_OUT
    }

    /** @param detail a few words; may tell how the server is built, so it is for those who run it */
    public record Finding(String name, boolean needed, State state, Duration took, String detail) {}

    /** @param ready may be sent requests */
    public record Report(boolean ready, boolean draining, List<Finding> findings) {
        /** Everything is as it should be. */
        public boolean well() {
            return ready && findings.stream().allMatch(finding -> finding.state() == State.OK);
        }
    }

    /** @param bound how long all checks together may take */
    public Health(List<HealthCheck> checks, Duration bound) {
        this(checks, bound, KEPT);
    }

    /** @param kept how old a report may be */
    Health(List<HealthCheck> checks, Duration bound, Duration kept) {
        this.checks = checks.stream().map(Watched::new).toList();
        this.bound = bound;
        this.kept = kept;
        this.lastAtNanos = System.nanoTime() - kept.toNanos();
    }

    /** From now on not ready: the server is about to stop. */
    public void drain() {
        draining = true;
    }

    public Report report() throws InterruptedException {
        List<Finding> findings = findings();
        boolean able = findings.stream().allMatch(finding -> !finding.needed() || finding.state() == State.OK);
        return new Report(able && !draining, draining, findings);
    }

    private List<Finding> findings() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (System.nanoTime() - lastAtNanos >= kept.toNanos()) {
                long deadline = System.nanoTime() + bound.toNanos();
                List<FutureTask<Finding>> runs =
                        checks.stream().map(Watched::run).toList();
                Stream.Builder<Finding> found = Stream.builder();
                for (int i = 0; i < runs.size(); i++) {
                    found.add(checks.get(i).await(runs.get(i), deadline));
                }
                last = found.build().toList();
                lastAtNanos = System.nanoTime();
            }
            return last;
        } finally {
            lock.unlock();
        }
    }

    /** A check and its run that is under way; used under the lock. */
    private static final class Watched {
        private final HealthCheck check;
        private FutureTask<Finding> run;
        private long startedNanos;

        Watched(HealthCheck check) {
            this.check = check;
            this.run = new FutureTask<>(this::look);
            run.cancel(false); // done, as if it had been looked at before
        }

        FutureTask<Finding> run() {
            if (run.isDone()) {
                startedNanos = System.nanoTime();
                run = new FutureTask<>(this::look);
                Thread.ofVirtual().name("health-" + check.name()).start(run);
            }
            return run;
        }

        private Finding look() {
            long start = System.nanoTime();
            try {
                String detail = check.probe().look();
                return finding(State.OK, start, detail);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return finding(State.FAILED, start, "interrupted");
            } catch (Exception | Error e) {
                return finding(State.FAILED, start, String.valueOf(e.getMessage()));
            }
        }

        Finding await(FutureTask<Finding> started, long deadline) throws InterruptedException {
            try {
                return started.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                return finding(State.TIMED_OUT, startedNanos, "has not come back yet");
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }

        private Finding finding(State state, long start, String detail) {
            return new Finding(
                    check.name(), check.needed(), state, Duration.ofNanos(System.nanoTime() - start), detail);
        }
    }
}
