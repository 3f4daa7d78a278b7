package dev.skerry.server.gateway;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes a connection on which nothing has happened for a while. */
final class Watch implements AutoCloseable {
    private final ScheduledExecutorService clock;
    private final long nanos;
    private final Upstream upstream;
    private volatile long touched = System.nanoTime();
    private volatile boolean expired;
    private volatile boolean closed;
    private volatile @Nullable ScheduledFuture<?> next;

    private Watch(ScheduledExecutorService clock, Duration bound, Upstream upstream) {
        this.clock = clock;
        this.nanos = bound.toNanos();
        this.upstream = upstream;
    }

    static Watch start(ScheduledExecutorService clock, Duration bound, Upstream upstream) {
        Watch watch = new Watch(clock, bound, upstream);
        watch.schedule(watch.nanos);
        return watch;
    }

    /** One that somebody looks at with {@link #sweep} now and then, until a thread goes on with what is watched. */
    static Watch swept(ScheduledExecutorService clock, Duration bound, Upstream upstream) {
        return new Watch(clock, bound, upstream);
    }

    void sweep() {
        if (!closed && System.nanoTime() - touched >= nanos) {
            expire();
        }
    }

    /** It is looked at in time from now on. */
    void goOn() {
        schedule(Math.max(0, nanos - (System.nanoTime() - touched)));
    }

    private void schedule(long delay) {
        next = clock.schedule(this::check, delay, TimeUnit.NANOSECONDS);
    }

    private void check() {
        if (closed) {
            return;
        }
        long left = nanos - (System.nanoTime() - touched);
        if (left > 0) {
            schedule(left);
        } else {
            expire();
        }
    }

    private void expire() {
        expired = true;
        upstream.close();
    }

    /** Something has happened. */
    void touch() {
        touched = System.nanoTime();
    }

    boolean expired() {
        return expired;
    }

    @Override
    public void close() {
        closed = true;
        ScheduledFuture<?> last = next;
        if (last != null) {
            last.cancel(false);
        }
    }
}
